import * as fc from "fast-check";
import { expect, test } from "vitest";
import { niceTicks } from "./nice-ticks.ts";

test.each([
  [0, 100, [0, 20, 40, 60, 80, 100]],
  [64.9, 257.6, [100, 150, 200, 250]],
  [-0.18, 0.93, [0, 0.5]],
  [5, 5, [5]],
])("from %s to %s", (low, high, ticks) => {
  expect(niceTicks(low, high)).toEqual(ticks);
});

test("ticks lie within the range, ascend, and are few", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, length) => {
      const ticks = niceTicks(low, low + length);
      expect(ticks.length).toBeLessThanOrEqual(7);
      expect(ticks.filter((tick) => tick < low - length * 1e-6 || tick > low + length * (1 + 1e-6))).toEqual([]);
      expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
    }),
  );
});
