import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bootstrap, differenceOf, drawMetrics } from "./bootstrap.ts";
import { calibrationOf } from "./calibration.ts";
import { metricsOf, prepareMetrics } from "./metrics.ts";
import { seededRandom } from "../training/random.ts";
import { scored, type Scored } from "./scored.ts";

const regression = (truth: readonly number[], predicted: readonly number[]): Scored => scored({ task: "regression", values: Float64Array.from(predicted) }, Float64Array.from(truth));

const binary = (truth: readonly (string | number)[], positive: readonly number[], classes = ["0", "1"]): Scored =>
  scored({ task: "binary", classes, probabilities: Float64Array.from(positive.flatMap((p) => [1 - p, p])) }, truth.map(String));

const multiclass = (truth: readonly (string | number)[], rows: readonly (readonly number[])[], classes = ["0", "1", "2"]): Scored =>
  scored({ task: "multiclass", classes, probabilities: Float64Array.from(rows.flat()) }, truth.map(String));

const close = (metrics: object): object => Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, expect.closeTo(value as number, 12) as number]));

/** Inputs and values from the project's reference (scikit-learn 1.9.1, numpy 2.4.6); the rest computed with the same versions. */
describe("golden numbers of scikit-learn", () => {
  const truth = [0, 0, 1, 1, 0, 1, 1, 0, 1, 0];

  test("binary", () => {
    const model = binary(truth, [0.1, 0.4, 0.35, 0.8, 0.5, 0.9, 0.35, 0.2, 0.7, 0.5]);
    // A tie of the two classes goes to the first, as numpy's argmax has it.
    expect(metricsOf(model)).toEqual(close({ accuracy: 0.8, log_loss: 0.5010447311766042, f1: 0.75, roc_auc: 0.76 }));
  });

  test("regression", () => {
    expect(metricsOf(regression([3, -0.5, 2, 7], [2.5, 0, 2, 8]))).toEqual(close({ rmse: 0.6123724356957945, mae: 0.5, r2: 0.9486081370449679 }));
  });

  const ten = [
    [0.378, 0.38, 0.242], [0.395, 0.075, 0.53], [0.813, 0.09, 0.097], [0.53, 0.346, 0.124], [0.189, 0.422, 0.389],
    [0.488, 0.227, 0.285], [0.523, 0.047, 0.43], [0.223, 0.724, 0.053], [0.382, 0.49, 0.128], [0.501, 0.488, 0.011],
  ];
  const threeTruths = [0, 1, 2, 2, 1, 0, 1, 2, 0, 1];

  test("three classes, macro F1 and one-vs-rest area", () => {
    expect(metricsOf(multiclass(threeTruths, ten))).toEqual(close({ accuracy: 0.2, log_loss: 1.7238681686945991, f1: 0.16666666666666666, roc_auc: 0.2698412698412699 }));
  });

  test("weighted rows", () => {
    const weights = Float64Array.from([1, 2, 0, 1, 3, 1, 1, 0, 2, 1]);
    expect(prepareMetrics(multiclass(threeTruths, ten))(weights)).toEqual(close({ accuracy: 0.3333333333333333, log_loss: 1.437189648895905, f1: 0.2371794871794872, roc_auc: 0.2904220779220779 }));
    expect(prepareMetrics(regression([3, -0.5, 2, 7], [2.5, 0, 2, 8]))(Float64Array.from([1, 2, 0, 3]))).toMatchObject(close({ rmse: 0.7905694150420949, r2: 0.9451219512195121 }));
  });
});

describe("edges", () => {
  test.each<[string, Scored, object]>([
    ["a constant truth that is hit has R² 1", regression([2, 2], [2, 2]), { rmse: 0, mae: 0, r2: 1 }],
    ["a constant truth that is missed has R² 0", regression([2, 2], [2, 3]), { rmse: Math.SQRT1_2, mae: 0.5, r2: 0 }],
    ["one row has no R²", regression([2], [3]), { rmse: 1, mae: 1 }],
    ["one class has no area", binary([0, 0], [0.2, 0.4]), { accuracy: 1, log_loss: -(Math.log(0.8) + Math.log(0.6)) / 2, f1: 0 }],
    ["a probability of 0 is clipped to float64's epsilon", binary([0, 1], [0, 0]), { accuracy: 0.5, log_loss: 18.021826694558577, f1: 0, roc_auc: 0.5 }],
    ["a label the model does not know is a total miss", binary([0, "maybe"], [0, 0]), { accuracy: 0.5, log_loss: 18.021826694558577, f1: 0 }],
    ["a class that is neither there nor guessed is no class (macro F1)", multiclass([0, 0, 1, 1], [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]), { f1: 0.7333333333333334, accuracy: 0.75 }],
    ["an unknown label is a class of which nothing is hit (macro F1)", multiclass([0, 0, 3, 1], [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]), { f1: 0.38888888888888884, accuracy: 0.5 }],
    ["equal scores count half", binary([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]), { roc_auc: 0.5 }],
    ["all in order", binary([0, 0, 1], [0.1, 0.2, 0.3]), { roc_auc: 1 }],
  ])("%s", (_, model, metrics) => expect(metricsOf(model)).toMatchObject(close(metrics)));

  test("what is undefined is left out, not NaN", () => {
    expect(Object.keys(metricsOf(regression([2], [3])))).toEqual(["rmse", "mae"]);
    expect(Object.keys(metricsOf(binary([1, 1], [0.2, 0.4])))).not.toContain("roc_auc");
    expect(metricsOf(regression([], []))).toEqual({});
  });
});

test("a row of weight k counts as k rows", () => {
  const row = fc.record({ truth: fc.integer({ min: -1, max: 2 }), number: fc.integer({ min: -5, max: 5 }), scores: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), weight: fc.integer({ min: 0, max: 3 }) });
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 12 }).filter((rows) => rows.some((one) => one.weight > 0)), (rows) => {
      const repeated = rows.flatMap((one) => Array.from({ length: one.weight }, () => one));
      const weights = Float64Array.from(rows, (one) => one.weight);
      const makers: ((of: typeof rows) => Scored)[] = [
        (of) => regression(of.map((one) => one.number), of.map((one) => one.scores[0])),
        (of) => multiclass(of.map((one) => one.truth), of.map(({ scores }) => scores.map((score) => score / (scores[0] + scores[1] + scores[2])))),
        (of) => binary(of.map((one) => one.truth), of.map(({ scores }) => scores[0] / 10)),
      ];
      for (const make of makers) {
        const [weighted, plain] = [prepareMetrics(make(rows))(weights), metricsOf(make(repeated))];
        expect(Object.keys(weighted)).toEqual(Object.keys(plain));
        for (const [name, value] of Object.entries(plain)) expect(weighted[name]).toBeCloseTo(value, 8);
      }
    }),
  );
});

describe("bootstrap intervals", () => {
  const noisy = (rows: number): Scored => regression(Array.from({ length: rows }, (_, i) => i % 7), Array.from({ length: rows }, (_, i) => (i % 7) + Math.sin(i * 12.9898) * 2));

  test("the same seed gives the same interval, another seed another", () => {
    const model = noisy(50);
    expect(bootstrap(model, 3)).toEqual(bootstrap(model, 3));
    expect(bootstrap(model, 4)).not.toEqual(bootstrap(model, 3));
  });

  test("an interval has its value inside and narrows as rows are added, as the square root of their number", () => {
    const widths = [40, 640].map((rows) => {
      const { rmse, mae } = bootstrap(noisy(rows), 1) as Record<"rmse" | "mae", { value: number; low: number; high: number }>;
      for (const { value, low, high } of [rmse, mae]) expect(low <= value && value <= high).toBe(true);
      return rmse.high - rmse.low;
    });
    expect(widths[0] / widths[1]).toBeGreaterThan(2.5);
    expect(widths[0] / widths[1]).toBeLessThan(6);
  });

  test("an interval covers the truth about as often as it says", () => {
    // The mean absolute error of a uniform error on [0, 1) is 0.5.
    let covered = 0;
    const runs = 150;
    let state = 1;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let run = 0; run < runs; run++) {
      const { mae } = bootstrap(regression(Array(60).fill(0) as number[], Array.from({ length: 60 }, random)), run, 200) as unknown as { mae: { low: number; high: number } };
      if (mae.low <= 0.5 && 0.5 <= mae.high) covered += 1;
    }
    expect(covered / runs).toBeGreaterThan(0.88);
    expect(covered / runs).toBeLessThan(0.995);
  });

  test("draws on several threads are those of one", async () => {
    const models = [noisy(70), noisy(70)];
    const one = await drawMetrics(models, 5, 20, 1);
    expect(await drawMetrics(models, 5, 20, 3)).toEqual(one);
    const weights = new Float64Array(70);
    const random = seededRandom(5);
    for (let draw = 0; draw < 2 * 70; draw++) {
      if (draw === 70) weights.fill(0);
      weights[Math.floor(random() * 70)]++;
    }
    expect(one[1][0]).toEqual(prepareMetrics(models[0])(weights));
  });

  test("the common luck of two models cancels in their difference", async () => {
    const models = [noisy(80), regression(Array.from({ length: 80 }, (_, i) => i % 7), Array.from({ length: 80 }, (_, i) => (i % 7) + Math.sin(i * 12.9898) * 2.2))];
    const difference = differenceOf(models, await drawMetrics(models, 1), 1, "rmse");
    const alone = bootstrap(models[0], 1)["rmse"];
    expect(difference.low).toBeGreaterThan(0);
    expect(difference.high - difference.low).toBeLessThan((alone.high - alone.low) / 4);
  });
});

test("calibration groups rows by what was predicted, ten groups of equal size", () => {
  const bins = calibrationOf(regression(Array.from({ length: 100 }, (_, i) => i + 1), Array.from({ length: 100 }, (_, i) => i)));
  expect(bins.map((bin) => bin.rows)).toEqual(Array(10).fill(10));
  expect(bins[0]).toEqual({ predicted: 4.5, actual: 5.5, rows: 10 });
  expect(calibrationOf(binary([0, 1, 1], [0.1, 0.2, 0.9]))).toEqual([0.1, 0.2, 0.9].map((p, i) => ({ predicted: p, actual: i === 0 ? 0 : 1, rows: 1 })));
});
