import { expect, test } from "vitest";
import { openEvents, type Event } from "./events.ts";
import { openLog } from "./log.ts";

const event = (name: string): Event => ({ name, time: 1, payload: {} });

test("listeners of a name and of all are told, in the order they were added, one after the other", async () => {
  const events = openEvents(openLog("silent", "test"));
  const heard: string[] = [];
  events.on("*", ({ name }) => void heard.push(`all ${name}`));
  events.on("data.made", async () => {
    await new Promise((resolve) => setImmediate(resolve));
    heard.push("first");
  });
  events.on("data.made", () => void heard.push("second"));
  events.on("model.made", () => void heard.push("other"));
  await events.emit(event("data.made"));
  expect(heard).toEqual(["first", "second", "all data.made"]);
});

test("a listener that fails, at once or later, does not stop the others nor the one who tells", async () => {
  const events = openEvents(openLog("silent", "test"));
  const heard: string[] = [];
  events.on("x", () => {
    throw new Error("at once");
  });
  events.on("x", () => Promise.reject(new Error("later")));
  events.on("x", () => void heard.push("heard"));
  await events.emit(event("x"));
  expect(heard).toEqual(["heard"]);
});

test("who stops listening hears no more, and the others go on", async () => {
  const events = openEvents(openLog("silent", "test"));
  const heard: string[] = [];
  const stop = events.on("x", () => void heard.push("one"));
  events.on("x", () => void heard.push("two"));
  await events.emit(event("x"));
  stop();
  stop();
  await events.emit(event("x"));
  expect(heard).toEqual(["one", "two", "two"]);
});
