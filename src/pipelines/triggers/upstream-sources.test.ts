import { expect, test } from "vitest";
import { appendAudit } from "../../storage/audit.ts";
import { transact } from "../../storage/transactions.ts";
import { fireTrigger, pauseTrigger } from "./change-triggers.ts";
import { dawn, openTriggered, projectOf } from "./fixtures/open-triggered.ts";

const second = 1000;
type Opened = Awaited<ReturnType<typeof openTriggered>>;

/** What the registry leaves in the audit log of a version: of a client's, or of one that a pipeline made. */
const register = ({ db, clock }: Opened, model: string, version: number, made: object = {}) =>
  transact(db, (transaction) => appendAudit(transaction, { time: clock.now(), actor: "ada", action: "registry.version_registered", object: `model/${model}`, reason: "r", details: { version, ...made } }));

test("a version that somebody registers fires, also one that came while no server looked; those of its own pipelines do not", async () => {
  const opened = await openTriggered();
  await register(opened, "bikes", 1);
  await opened.set(projectOf("own: { registered: {} }\nother: { registered: { model: weather } }"));
  await register(opened, "weather", 7, { artifact: "abc" });
  await register(opened, "bikes", 2, { artifact: "abc" });
  await register(opened, "rain", 1);
  await opened.close();
  const next = await openTriggered({ folder: opened.folder, start: dawn + second });
  await next.look();
  await next.settle();
  await next.look();
  expect(await next.firings()).toMatchObject([{ trigger: "bikes.other", cause: "registered", state: "succeeded", why: "ada registered version 7 of weather", details: { model: "weather", version: 7 } }]);
  await register(next, "bikes", 3);
  await next.after(second);
  await next.settle();
  expect(await next.firings("bikes.own")).toMatchObject([{ state: "succeeded", why: "ada registered version 3 of bikes" }]);
});

test("a pipeline run of another model that ended well fires, once; one that failed does not", async () => {
  const { set, house, after, look, settle, firings } = await openTriggered();
  await set(projectOf("by-hand: { api: {} }", { model: "weather" }));
  await set(projectOf("after-weather: { pipeline: { model: weather } }"));
  const asked = { actor: "ada", reason: undefined, key: undefined, atOnce: false };
  for (let times = 1; times <= 2; times++) {
    await fireTrigger(house, "by-hand", asked);
    await look();
    await settle();
    await after(0);
    await settle();
    expect((await firings("bikes.after-weather")).map(({ cause, state }) => [cause, state])).toEqual(Array.from({ length: times }, () => ["pipeline", "succeeded"]));
  }
  await house.pipelines.start("r9", { name: "train", model: "weather", trigger: "t", actor: "a", seed: 0, steps: [{ id: "a", step: "test.refuse", params: {}, needs: {} }] });
  await house.pipelines.finished("r9");
  await after(second);
  expect(await firings("bikes.after-weather")).toHaveLength(2);
});

test("an alarm of the watch fires once, by its window; a paused trigger notes it", async () => {
  const { set, house, look, settle, firings } = await openTriggered();
  await set(projectOf("alarmed: { alarm: {} }\nother: { alarm: { endpoint: weather } }"));
  const drift = (end: number) => house.events.emit({ name: "monitoring.drift_detected", time: dawn, payload: { endpoint: "bikes", end } });
  await drift(dawn);
  await drift(dawn);
  await house.events.emit({ name: "optimization.retraining_started", time: dawn, payload: { endpoint: "bikes", kind: "drift", reason: "drift" } });
  await house.events.emit({ name: "optimization.retraining_started", time: dawn, payload: { endpoint: "bikes", kind: "data", reason: "more rows" } });
  await look();
  await settle();
  expect(await firings()).toMatchObject([{ trigger: "bikes.alarmed", cause: "alarm", state: "succeeded", why: "drift at bikes in the window that ended at 2026-05-01T00:00:00.000Z" }]);
  await house.events.emit({ name: "optimization.retraining_started", time: dawn, payload: { endpoint: "weather", kind: "performance", reason: "the loss rose" } });
  await look();
  await settle();
  expect(await firings("bikes.other")).toMatchObject([{ state: "succeeded", why: "an alarm on the live error of weather: the loss rose" }]);
  await pauseTrigger(house, "alarmed", { actor: "ada", reason: "rest" });
  await drift(dawn + second);
  expect((await firings("bikes.alarmed")).map(({ state }) => state).toSorted()).toEqual(["skipped", "succeeded"]);
});

test("runs that would start themselves again are refused, by whatever way", async () => {
  const { set, trigger } = await openTriggered();
  await expect(set(projectOf("again: { pipeline: { model: bikes } }"))).rejects.toMatchObject({ code: "pipelines.trigger_cycle", message: "A run of bikes would start itself again and again: bikes starts bikes" });
  await set(projectOf("a: { pipeline: { model: bikes } }", { model: "weather" }));
  await set(projectOf("b: { registered: { model: weather } }", { model: "rain" }));
  await expect(set(projectOf("c: { pipeline: { model: rain } }"))).rejects.toMatchObject({ status: 409, message: expect.stringContaining("bikes starts weather starts rain starts bikes") as string });
  expect(await trigger("bikes.c")).toBeUndefined();
});
