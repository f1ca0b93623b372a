import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cusum } from "./cusum.ts";
import { jensenShannon, psi } from "./drift/distances.ts";
import { addErrors, errorOf, lossOf, metricsOf, noErrors } from "./error-sums.ts";
import type { LabelledPrediction } from "./types.ts";

const distribution = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 4, maxLength: 4 }).filter((counts) => counts.some((n) => n > 0)).map((counts) => {
  const total = counts.reduce((sum, n) => sum + n, 0);
  return counts.map((n) => n / total);
});

/** Golden values: scipy 1.17.1 on p and q (jensenshannon with base 2), PSI by its formula in numpy 2.4.6; the project's reference. */
describe("distances between distributions", () => {
  const [p, q] = [[0.5, 0.3, 0.15, 0.05], [0.4, 0.3, 0.2, 0.1]];

  test("golden numbers", () => {
    expect(psi(p, q)).toBeCloseTo(0.0713558177820073, 14);
    expect(jensenShannon(p, q)).toBeCloseTo(0.11282137081563594, 14);
  });

  test("an empty bin counts as 0.0001 (PSI), and is no trouble (Jensen-Shannon)", () => {
    expect(psi([0.5, 0.5, 0], [0.4, 0.4, 0.2])).toBeCloseTo(2 * 0.1 * Math.log(1.25) + (0.0001 - 0.2) * Math.log(0.0001 / 0.2), 12);
    expect(jensenShannon([1, 0], [0, 1])).toBe(1);
  });

  test("they are symmetric, 0 for the same, above 0 otherwise, and Jensen-Shannon lies in [0, 1]", () => {
    fc.assert(
      fc.property(distribution, distribution, (one, other) => {
        for (const distance of [psi, jensenShannon]) {
          expect(distance(one, other)).toBeCloseTo(distance(other, one), 10);
          expect(distance(one, one)).toBe(0);
          expect(distance(one, other)).toBeGreaterThanOrEqual(0);
        }
        expect(jensenShannon(one, other)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  test("distributions over other bins are not compared", () => expect(() => psi([1], [0.5, 0.5])).toThrow("over 1 and 2 bins"));
});

describe("CUSUM", () => {
  // Worked by hand: S ← max(0, S + min(cap, x/100 − 1 − slack)).
  test.each<[string, number[], number, number, number | undefined, number[], number[]?]>([
    ["at the reference it stays at 0", [100, 100, 100], 100, 0.1, undefined, [0, 0, 0]],
    ["small excesses add up", [120, 120, 120], 100, 0.1, undefined, [0.1, 0.2, 0.3]],
    ["a better window makes good", [150, 80, 150], 100, 0.1, undefined, [0.4, 0.1, 0.5]],
    ["it does not sink below 0", [10, 150], 100, 0.1, undefined, [0, 0.4]],
    ["one odd window counts for the cap at most", [1000, 100], 100, 0.1, 2, [2, 1.9]],
    ["no windows", [], 100, 0.1, undefined, []],
    ["a window of few labels counts in part, for good and for bad", [2000, 0, 120], 100, 0.1, 4, [1, 0.725, 0.825], [0.25, 0.25, 1]],
  ])("%s", (_, losses, reference, slack, cap, levels, weights = losses.map(() => 1)) => {
    const found = cusum(losses, weights, reference, slack, cap);
    expect(found).toHaveLength(levels.length);
    for (const [i, level] of levels.entries()) expect(found[i]).toBeCloseTo(level, 12);
  });

  test.each([0, -1, Number.NaN])("a reference of %d is refused", (reference) => expect(() => cusum([1], [1], reference, 0.1)).toThrow(RangeError));
});

const prediction = (more: Partial<LabelledPrediction>): LabelledPrediction => ({ requestId: "r", rowIndex: 0, eventTime: 0, variant: "champion", version: 1, shadow: false, label: "0", value: Number.NaN, probabilities: [], classes: [], ...more });

describe("sums of errors", () => {
  test("regression", () => {
    const sums = [[3, "2.5"], [-1, "1"]].map(([value, label]) => errorOf("regression", prediction({ value: Number(value), label: String(label) }))).reduce(addErrors, noErrors);
    expect(sums).toEqual({ n: 2, loss: 4.25, absolute: 2.5, signed: -1.5, label: 3.5 });
    expect(metricsOf("regression", sums)).toEqual({ rmse: Math.sqrt(4.25 / 2), mae: 1.25, bias: -0.75 });
  });

  test("classes", () => {
    const of = (label: string, ...probabilities: number[]) => errorOf("multiclass", prediction({ label, probabilities, classes: ["a", "b", "c"] }));
    expect(of("b", 0.2, 0.5, 0.3)).toEqual({ n: 1, loss: -Math.log(0.5), absolute: 0, signed: 0, label: 0, squares: Math.log(0.5) ** 2 });
    expect(of("c", 0.2, 0.5, 0.3)).toMatchObject({ loss: -Math.log(0.3), absolute: 1 });
    expect(of("z", 0.2, 0.5, 0.3)).toMatchObject({ loss: -Math.log(Number.EPSILON), absolute: 1 });
    expect(metricsOf("binary", addErrors(of("b", 0.2, 0.5, 0.3), of("c", 0.2, 0.5, 0.3)))).toEqual({ log_loss: -(Math.log(0.5) + Math.log(0.3)) / 2, accuracy: 0.5 });
    expect([lossOf("regression"), lossOf("binary"), lossOf("multiclass")]).toEqual(["rmse", "log_loss", "log_loss"]);
  });

  test("nothing labelled has no metrics", () => expect(metricsOf("regression", noErrors)).toEqual({}));

  test("the sums of the parts are the sums of the whole", () => {
    const row = fc.tuple(fc.double({ min: -100, max: 100, noNaN: true }), fc.double({ min: -100, max: 100, noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 6 }), (parts) => {
        const of = (rows: [number, number][]) => rows.map(([value, label]) => errorOf("regression", prediction({ value, label: String(label) }))).reduce(addErrors, noErrors);
        const [whole, summed] = [of(parts.flat()), parts.map(of).reduce(addErrors, noErrors)];
        for (const name of ["n", "loss", "absolute", "signed", "label"] as const) expect(summed[name]).toBeCloseTo(whole[name], 6);
      }),
    );
  });
});
