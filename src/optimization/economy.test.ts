import { expect, test } from "vitest";
import { comparisonInterval, retrainingsSaved, type Comparison } from "./economy.ts";

const day = 86_400_000;
const interval = (comparisons: readonly (readonly [number, number | null])[], cost = 0.05): number =>
  comparisonInterval(comparisons.map(([at, gain]): Comparison => ({ time: at * day, gain })), 0, day, cost, 3);

test.each<[string, readonly (readonly [number, number | null])[], number]>([
  ["two weeks at first", [], 14],
  ["√(2·0.05·14/0.1) after a gain of a tenth in two weeks", [[14, 0.1]], Math.sqrt(14)],
  ["no less than is allowed", [[14, 0.9]], 3],
  ["half as long again after one that brought nothing", [[14, 0]], 21],
  ["no longer than 60 windows", [[14, 0], [42, null], [98, 0], [158, 0]], 60],
  ["by the last gain and the time since the one before", [[14, 0], [42, 0.28]], Math.sqrt((2 * 0.05 * 28) / 0.28)],
])("the next comparison comes %s", (_, comparisons, expected) => expect(interval(comparisons)).toBeCloseTo(expected, 10));

test("a training that is four times as dear comes half as often", () => expect(interval([[14, 0.1]], 0.2)).toBeCloseTo(2 * interval([[14, 0.1]]), 10));

test.each<[string, number[], number, number]>([
  ["four at first", [], 0, 4],
  ["one more in four windows", [], 4, 5],
  ["eight at most", [], 400, 8],
  ["one less for each", [1, 2, 3], 3, 1.75],
  ["what was spent when much was saved", [100, 101], 101, 6.25],
  ["less than one: none is allowed", [1, 2, 3, 4, 5], 5, 0.25],
])("of retrainings are saved: %s", (_, times, now, expected) => expect(retrainingsSaved(times.map((at) => at * day), 0, now * day, day, 0.25)).toBeCloseTo(expected, 10));
