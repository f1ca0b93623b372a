import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { count, formatAgo, formatBytes, formatDay, formatMilliseconds, formatMoment, formatNumber, formatPercent, formatSpan, metricName, shortId } from "./format.ts";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test.each([
  [52.1345, "52.13"],
  [3120, "3,120"],
  [1234567.8, "1,234,568"],
  [0.012345, "0.01235"],
  [0.5, "0.5"],
  [0, "0"],
  [-4.755, "−4.755"],
  [0.0000123, "1.23e−5"],
  [1e16, "1.00e16"],
  [Number.NaN, "–"],
  [null, "–"],
  [undefined, "–"],
  [Infinity, "∞"],
])("the number %s reads %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("a formatted number is within half a unit of its fourth digit", () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 999, noNaN: true }), (value) => {
      expect(Math.abs(Number(formatNumber(value)) - value)).toBeLessThanOrEqual(value * 5.1e-4);
    }),
  );
});

test.each([
  [0, "0 %"],
  [1, "100 %"],
  [0.1, "10 %"],
  [0.0525, "5.3 %"],
  [0.05, "5 %"],
  [0.0004, "< 0.1 %"],
  [-0.139, "−14 %"],
])("the share %s reads %s", (share, text) => {
  expect(plain(formatPercent(share))).toBe(text);
});

describe("time", () => {
  const now = Date.UTC(2026, 10, 20, 12, 0, 0);
  test.each([
    [2, "just now"],
    [45, "45 s ago"],
    [300, "5 min ago"],
    [7200, "2 h ago"],
    [3 * 86_400, "3 d ago"],
    [100 * 86_400, "2026-08-12"],
  ])("%s seconds ago reads %s", (seconds, text) => {
    expect(plain(formatAgo(now - seconds * 1000, now))).toBe(text);
  });

  test("days and minutes are UTC whatever the machine's zone", () => {
    expect(formatDay(now)).toBe("2026-11-20");
    expect(formatMoment(now)).toBe("2026-11-20 12:00 UTC");
  });

  test.each([
    [6 * 86_400_000, "6 d"],
    [6 * 86_400_000 + 3_600_000, "6 d 1 h"],
    [1500, "1.5 s"],
    [120_000, "2 min"],
  ])("a span of %s ms reads %s", (ms, text) => {
    expect(plain(formatSpan(ms))).toBe(text);
  });

  test("latencies have three digits", () => {
    expect(plain(formatMilliseconds(2.2984))).toBe("2.3 ms");
    expect(plain(formatMilliseconds(0.3512))).toBe("0.351 ms");
  });
});

test("other words", () => {
  expect(plain(formatBytes(16_383))).toBe("16.4 kB");
  expect(plain(formatBytes(0))).toBe("0 B");
  expect(metricName("roc_auc")).toBe("ROC AUC");
  expect([metricName("training_rows"), metricName("constructor")]).toEqual(["training_rows", "constructor"]);
  expect(shortId("fe85f0c0b9908550ce64819e468415dd5a32e2c1722c8433a6f691d6892be137")).toBe("fe85f0c0b990");
  expect(shortId("bike-demand-retrain-2012-10-13-1350086400000")).toBe("bike-demand-retrain-2012-10-13");
  expect(shortId("bike-demand-first")).toBe("bike-demand-first");
  expect(count(1, "run")).toBe("1 run");
  expect(count(1200, "entry", "entries")).toBe("1,200 entries");
});
