import { expect, test } from "vitest";
import { batchingText, conditionText, fallbackText, logText, rowsText, stickyText } from "./serving-words.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test("rules, fallback and stickiness in words", () => {
  const rule = { if: { header: { "x-tier": "beta", host: { prefix: "eu-" } }, parameter: { region: { oneOf: ["no", "se"] } } }, variant: "b" };
  expect(conditionText(rule)).toBe("header x-tier is “beta” and header host begins with “eu-” and parameter region is one of “no”, “se”");
  expect(plain(fallbackText({ variant: "champion", afterMs: 200 }))).toBe("The variant champion answers when the one picked fails, is overloaded, or has not answered after 200 ms.");
  expect(fallbackText({ endpoint: "simple" })).toBe("The endpoint simple answers when the one picked fails, is overloaded.");
  expect(fallbackText(undefined)).toMatch(/^None/);
  expect(stickyText({ cookie: "uid" })).toMatch(/^The cookie uid decides/);
  expect(stickyText(undefined)).toMatch(/^The request’s id decides/);
});

test.each([
  [1, "Every request"],
  [0.1, "10 % of the answered requests, by their id, and every failure"],
  [0, "Failures only; monitoring sees no predictions"],
])("a log share of %d", (share, text) => expect(plain(logText(share))).toBe(text));

test("batching in words", () => {
  expect(plain(batchingText({ maxRows: 256, delayMs: 0, queueRows: 65_536, timeoutMs: 60_000, weight: 1, merge: null }))).toBe("up to 256 rows together · nobody waits for others · 65,536 rows may wait, for 1 min · weight 1");
  expect(batchingText({ maxRows: 256, delayMs: null, queueRows: 1, timeoutMs: 100, weight: 1, merge: null })).toContain("a batch waits as long as measurement shows that it helps");
  expect(plain(batchingText({ maxRows: 8, delayMs: 2.5, queueRows: 1, timeoutMs: 100, weight: 2, merge: true }))).toContain("a batch waits 2.5 ms for more");
});

test("whether requests are scored together in words, where it is not the usual", () => {
  const rows = { counted: true, independent: true, merged: true, dependence: null };
  const dependent = { ...rows, independent: false, dependence: "ReduceMax puts all rows together." };
  expect(rowsText(null)).toEqual([]);
  expect(rowsText(rows)).toEqual([]);
  expect(rowsText({ ...rows, merged: false })).toEqual(["requests are not scored together: an operator said so."]);
  expect(rowsText({ ...dependent, merged: false })).toEqual(["requests are not scored together: ReduceMax puts all rows together."]);
  expect(rowsText(dependent)).toEqual(["requests are scored together, as an operator said, although the model does not show that its rows are independent: ReduceMax puts all rows together."]);
  expect(batchingText({ maxRows: 8, delayMs: 0, queueRows: 1, timeoutMs: 100, weight: 1, merge: false })).toContain("requests are not merged");
});
