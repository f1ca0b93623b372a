import { expect, test } from "vitest";
import type { Series } from "../series.ts";
import { appended, linesOf, rangeToAsk, smooth } from "./chart-lines.ts";

const series = (steps: number[], values: (number | null)[], times = steps.map((step) => step * 1000)): Series => ({ exact: true, points: steps.length, steps, times, low: values, high: values, mean: values, odd: [] });
const run = { id: "a", name: "a", color: "red", startedAt: 500 };
const plain = { axis: "step", weight: 0, logarithmic: false } as const;

test.each([
  [[1, 2, 3], 0, [1, 2, 3]],
  [[4, 4, 4], 0.9, [4, 4, 4]],
  // (0.5·0 + 0.5·1)/(1 − 0.5) = 1, (0.5·0.5 + 0.5·3)/(1 − 0.25) = 7/3
  [[1, 3], 0.5, [1, 7 / 3]],
  [[1, null, 3], 0.5, [1, null, 7 / 3]],
])("%j smoothed by %d is %j", (values, weight, expected) => smooth(values, weight).forEach((value, index) => (value === null ? expect(expected[index]).toBeNull() : expect(value).toBeCloseTo(expected[index]!, 12))));

test("several runs share one x; where a run has no point its line goes on", () => {
  const { x, lines } = linesOf([run, { ...run, name: "b" }], [series([0, 2], [1, 2]), series([1, 2], [5, null])], plain);
  expect(x).toEqual([0, 1, 2]);
  expect(lines.map(({ values }) => values)).toEqual([[1, undefined, 2], [undefined, 5, null]]);
});

test("a run alone keeps two points of one step", () => expect(linesOf([run], [series([0, 1, 1], [1, 2, 3], [0, 1, 2])], plain).x).toEqual([0, 1, 1]));

test("time goes forward though steps were logged again", () => {
  const { x, lines } = linesOf([run], [series([0, 1, 2], [10, 11, 12], [1000, 9000, 3000])], { ...plain, axis: "relative" });
  expect([x, lines[0].values]).toEqual([[0.5, 2.5, 8.5], [10, 12, 11]]);
});

test("a logarithm leaves out what has none", () => expect(linesOf([run], [series([0, 1, 2], [1, 0, -3])], { ...plain, logarithmic: true }).lines[0].values).toEqual([1, null, null]));

test.each([
  ["step", [1.2, 7.9], { axis: "step", from: 1, to: 8 }],
  ["time", [1, 2], { axis: "time", from: 1000, to: 2000 }],
  ["relative", [1, 2], { axis: "time", from: 1500, to: 2500 }],
] as const)("a range on the axis %s is asked for as %j", (axis, range, expected) => expect(rangeToAsk(axis, run, range)).toEqual(expected));

test("points that stream in come after what is there, once", () => {
  const grown = appended(series([0, 1], [1, 2]), { steps: [1, 2], times: [1000, 2000], values: [2, 3] });
  expect([grown?.steps, grown?.mean, grown?.points]).toEqual([[0, 1, 2], [1, 2, 3], 3]);
  expect(appended(series([0], [1]), { steps: [1], times: [1], values: ["NaN"] })).toBeUndefined();
});
