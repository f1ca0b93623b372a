import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, isoDate, parseDuration, systemClock, virtualClock } from "./clock.ts";

test.each<[string, number | undefined]>([
  ["90s", 90_000],
  ["6h", 21_600_000],
  ["1d", 86_400_000],
  ["2w", 1_209_600_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["30m", 1_800_000],
  [" 3d ", 259_200_000],
  ["0s", 0],
  ["3", undefined],
  ["d", undefined],
  ["-1d", undefined],
  ["1 d", undefined],
  ["1month", undefined],
  ["1d2h", undefined],
  ["1e3s", undefined],
  ["", undefined],
])("the duration %j is %s ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each<[number, string]>([
  [0, "0 ms"],
  [850.4, "850 ms"],
  [999.7, "1.0 s"],
  [3200, "3.2 s"],
  [59_960, "1 min 0 s"],
  [125_000, "2 min 5 s"],
  [119_600, "2 min 0 s"],
  [3_599_900, "1 h 0 min"],
  [5_400_000, "1 h 30 min"],
  [86_390_000, "1 d 0 h"],
  [273_600_000, "3 d 4 h"],
  [172_790_000, "2 d 0 h"],
])("%d ms reads %j", (ms, text) => expect(formatDuration(ms)).toBe(text));

test("no part of a duration is as large as the next unit", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e10, noNaN: true }), (ms) => {
      const text = formatDuration(ms);
      expect(text).not.toMatch(/(^| )(60(\.0)? s|60 min|24 h|1000 ms)/);
    }),
  );
});

test("a virtual clock stands still until it is moved, and does not go back", () => {
  const clock = virtualClock(1000);
  expect(clock.now()).toBe(1000);
  clock.advanceTo(1000);
  clock.advanceTo(5000);
  expect(clock.now()).toBe(5000);
  expect(() => clock.advanceTo(4999)).toThrow("A clock cannot go back from 5000 to 4999");
});

test("the system's clock tells milliseconds since 1970", () => {
  expect(isoDate(systemClock.now()) >= "2026-01-01").toBe(true);
  expect(isoDate(Date.UTC(2011, 1, 26, 23, 59))).toBe("2011-02-26");
});
