import { describe, expect, test } from "vitest";
import { believe, trifleIn } from "./belief.ts";
import { pairedDifference } from "./paired-difference.ts";
import { riskOfReturn, rowsBefore, unseenBefore } from "./passing-changes.ts";
import { rowSpans } from "./row-spans.ts";
import { chooseYardstick } from "./yardstick.ts";

const rows = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, row) => row);
/** Row i happens at time i. */
const yardstick = (n: number, seenUntil: number, changedAt: number | null, maxAge: number | null = null, window = 1000, cameBackFor: number | null = null) =>
  chooseYardstick(rows(n), Float64Array.from({ length: n }, (_, row) => row), { seenUntil, changedAt, cameBackFor, maxAge, window });

describe("the yardstick", () => {
  test("is the newest third of what the champion has not seen; candidates have what is older", () => {
    const found = yardstick(1000, 699, null);
    expect(found.state === "ready" && [found.rows[0], found.rows.length, found.before.length, found.parts.length]).toEqual([900, 100, 900, 1]);
  });

  test("has 500 rows at most", () => {
    const found = yardstick(10_000, 999, null);
    expect(found.state === "ready" && found.rows.length).toBe(500);
  });

  test("is, after a change, the newer half of the rows since", () => {
    const found = yardstick(1000, 99, 800);
    expect(found.state === "ready" && [found.rows[0], found.rows.length]).toEqual([900, 100]);
  });

  test("has no rows of before the last change that was answered, though a champion that came back has not seen them", () => {
    const found = yardstick(1000, 99, null, null, 1000, 700);
    // The newest third of 300 rows, not of 900.
    expect(found.state === "ready" && [found.rows[0], found.rows.length]).toEqual([900, 100]);
    expect(yardstick(100, 9, null, null, 1000, 90)).toEqual({ state: "too_few", rows: 10, needed: 24 });
    // An alarm has a change of its own.
    const alarmed = yardstick(1000, 99, 800, null, 1000, 700);
    expect(alarmed.state === "ready" && alarmed.rows[0]).toBe(900);
  });

  test("is all rows since the change where they are few, in parts that a candidate has not seen", () => {
    const found = yardstick(1000, 99, 990);
    if (found.state !== "ready") throw new Error("too few");
    expect([...found.rows]).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999]);
    expect(found.parts.flatMap((part) => [...part]).toSorted((a, b) => a - b)).toEqual([...found.rows]);
    expect(found.before.length).toBe(990);
  });

  test("parts whole windows, where there are as many as parts: rows of one are too much alike", () => {
    const found = yardstick(1000, 99, 960, null, 5);
    if (found.state !== "ready") throw new Error("too few");
    expect([...found.parts[0]]).toEqual([960, 961, 962, 963, 964, 980, 981, 982, 983, 984]);
    expect(found.parts.flatMap((part) => [...part]).toSorted((a, b) => a - b)).toEqual([...found.rows]);
  });

  test.each<[string, number, number | null, number | null, { rows: number; needed: number }]>([
    ["after an alarm", 95, 97, null, { rows: 3, needed: 5 }],
    ["without one", 89, null, null, { rows: 10, needed: 24 }],
    ["of an age", 9, null, 20, { rows: 21, needed: 24 }],
  ])("says how many are missing %s", (_, seenUntil, changedAt, maxAge, expected) => expect(yardstick(100, seenUntil, changedAt, maxAge)).toEqual({ state: "too_few", ...expected }));
});

describe("the rows of candidates", () => {
  const times = Float64Array.from({ length: 100 }, (_, row) => row);
  test.each<[string, number | null, number | null, unknown[], (number | null)?]>([
    ["since the last change, too, where the champion is older", 40, null, [["all rows", null, null], ["the champion's rows", 40, null], ["since the change", 60, null], ["recent rows", 85, null], ["rows by age", 15, 14]], 60],
    ["the champion's where it is of the last change", 60, null, [["all rows", null, null], ["the champion's rows", 60, null], ["recent rows", 90, null], ["rows by age", 45, 9]], 60],
    ["none since a change that is newer than all", 40, null, [["all rows", null, null], ["the champion's rows", 40, null], ["recent rows", 85, null], ["rows by age", 15, 14]], 100],
    ["all, the newest quarter, and all by their age", null, null, [["all rows", null, null], ["recent rows", 75, null], ["rows by age", null, 24]]],
    ["what the champion had, too", 40, null, [["all rows", null, null], ["the champion's rows", 40, null], ["recent rows", 85, null], ["rows by age", 15, 14]]],
    ["since a change", 20, 90, [["all rows", null, null], ["the champion's rows", 20, null], ["since the change", 90, null]]],
  ])("are %s", (_, champion, changedAt, expected, cameBackFor = null) => expect(rowSpans(times, champion, changedAt, cameBackFor).map(({ name, from, halfLife }) => [name, from, halfLife])).toEqual(expected));
});

describe("paired differences", () => {
  test("of independent rows have their own variance, once there are windows enough to tell", () => {
    const [differences, windows] = [Array.from({ length: 4000 }, (_, i) => (i * 7919) % 13), Array.from({ length: 4000 }, (_, i) => Math.floor(i / 20))];
    const { n, mean, variance } = pairedDifference(differences, windows);
    const plain = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 3999;
    expect(n).toBe(4000);
    expect(variance / plain).toBeGreaterThanOrEqual(1);
    expect(variance / plain).toBeLessThan(1.1);
  });

  test("that go with their window count as little more than the windows", () => {
    const windows = Array.from({ length: 400 }, (_, i) => Math.floor(i / 20));
    const { variance, n } = pairedDifference(windows.map((window) => (window % 2 === 0 ? 1 : -1)), windows);
    // Twenty windows of −1 and 1: the mean's variance is about 1/20, not 1/400.
    expect(variance / n).toBeGreaterThan(0.03);
    expect(variance / n).toBeLessThan(0.07);
  });

  test("of a single window count half", () => {
    expect(pairedDifference([1, 3], [0, 0]).variance).toBeCloseTo(2 * 2, 10);
    expect(pairedDifference([], [])).toEqual({ n: 0, mean: 0, variance: 0 });
  });
});

describe("a change that may pass", () => {
  test.each([
    // w·ln(1 + 56/w) windows of the next 56 are of it.
    [1, 3, 3 / Math.log(57)],
    [8, 3, 3 / (8 * Math.log(8))],
    [56, 2, 2 / (56 * Math.log(2))],
  ])("after %d windows, with %d until a return is mended, weighs as much", (lasted, delay, expected) => expect(riskOfReturn(lasted, delay)).toBeCloseTo(expected, 12));

  test("is held against the newest rows of before it that the champion has not seen, or has, where those are few", () => {
    const times = Float64Array.from({ length: 2000 }, (_, row) => row);
    expect([...rowsBefore(rows(2000), times, 1899, 1930)]).toEqual(Array.from({ length: 30 }, (_, i) => 1900 + i));
    const seen = rowsBefore(rows(2000), times, 1909, 1930);
    expect([seen.length, seen[0], seen.at(-1)]).toEqual([500, 1430, 1929]);
    expect([...unseenBefore(rows(2000), times, 1899, null)]).toHaveLength(100);
    expect([...unseenBefore(rows(2000), times, 1899, 1990)]).toEqual(Array.from({ length: 10 }, (_, i) => 1990 + i));
  });
});

describe("what is believed of the best candidate", () => {
  test("is drawn to no difference, the more so the more candidates it is the best of", () => {
    // A prior of 0 ± 0.2, and a mean of 0.1 with the variance 0.01: of one candidate 0.1 · 0.04/0.05.
    expect(believe({ n: 100, mean: 0.1, variance: 1 }, 2, 1).mean).toBeCloseTo(0.08, 12);
    expect(believe({ n: 100, mean: 0.1, variance: 1 }, 2, 8).mean).toBeCloseTo((0.1 * 0.04) / (0.04 + 0.01 * (1 + Math.log(8) / 2)), 12);
  });

  test.each<[number, string | undefined]>([
    [0.01, undefined],
    [0.0094, "by 0.47 % of the champion's loss, and less than 0.5 % is no reason for a change"],
    [0.0001, "by 0.0050 % of the champion's loss, and less than 0.5 % is no reason for a change"],
  ])("of a gain of %d in a loss of 2: %s", (gain, expected) => expect(trifleIn(gain, 2)).toBe(expected));
});
