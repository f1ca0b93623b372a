import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column, Table } from "../../data/types.ts";
import { seededRandom } from "../random.ts";
import { gradientBoosting } from "./gradient-boosting.ts";

const number = (name: string, values: ArrayLike<number>): Column => ({
  name,
  type: "number",
  values: Float64Array.from(values),
});
const one = {
  iterations: 1,
  learning_rate: 1,
  max_leaves: 2,
  min_samples_leaf: 1,
  category_smoothing: 0,
  category_l2: 0,
};

function fit(table: Table, params: Record<string, unknown>, seed = 1): Float64Array {
  const features = table.columns.map(({ name }) => name).filter((name) => name !== "y");
  const prediction = gradientBoosting
    .train({ table, target: "y", features, task: "regression", params, seed })
    .predict(table);
  return prediction.task === "regression" ? prediction.values : new Float64Array();
}

const squaredError = (y: readonly number[], predicted: ArrayLike<number>): number =>
  y.reduce((sum, value, i) => sum + (value - predicted[i]) ** 2, 0);

/** The smallest squared error that two means can reach when the rows are parted in one of the given ways. */
function leastError(y: readonly number[], parts: readonly ((row: number) => boolean)[]): number {
  const mean = (rows: number[]): number => rows.reduce((sum, row) => sum + y[row], 0) / rows.length;
  const rows = [...y.keys()];
  return Math.min(
    squaredError(
      y,
      y.map(() => mean(rows)),
    ),
    ...parts.map((isLeft) => {
      const [left, right] = [rows.filter(isLeft), rows.filter((row) => !isLeft(row))];
      return left.length && right.length
        ? squaredError(
            y,
            y.map((_, row) => mean(isLeft(row) ? left : right)),
          )
        : Infinity;
    }),
  );
}

const target = fc.integer({ min: -9, max: 9 });

describe("one split is the best there is", () => {
  test("of a number, with missing values on either side", () => {
    const row = fc.tuple(fc.option(fc.integer({ min: 0, max: 6 }), { nil: NaN }), target);
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 25 }), (rows) => {
        const [x, y] = [rows.map(([value]) => value), rows.map(([, value]) => value)];
        const parts = [-1, ...new Set(x)].flatMap((t) => [
          (r: number) => x[r] <= t,
          (r: number) => x[r] <= t || Number.isNaN(x[r]),
        ]);
        const predicted = fit({ rows: y.length, columns: [number("x", x), number("y", y)] }, one);
        expect(squaredError(y, predicted)).toBeCloseTo(leastError(y, parts), 3);
      }),
    );
  });

  test("of categories, among all subsets", () => {
    const row = fc.tuple(fc.integer({ min: -1, max: 5 }), target);
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 25 }), (rows) => {
        const [codes, y] = [Int32Array.from(rows, ([code]) => code), rows.map(([, value]) => value)];
        const parts = Array.from({ length: 128 }, (_, subset) => (r: number) => ((subset >> (codes[r] + 1)) & 1) === 1);
        const column: Column = { name: "c", type: "category", codes, dictionary: ["a", "b", "c", "d", "e", "f"] };
        const predicted = fit({ rows: y.length, columns: [column, number("y", y)] }, one);
        expect(squaredError(y, predicted)).toBeCloseTo(leastError(y, parts), 3);
      }),
    );
  });
});

describe("parameters", () => {
  const random = seededRandom(5);
  const x = Float64Array.from({ length: 400 }, random);
  const noise = Float64Array.from({ length: 400 }, random);
  const table: Table = {
    rows: 400,
    columns: [
      number("x", x),
      number("noise", noise),
      number(
        "y",
        x.map((value) => Math.sin(value * 6) + random()),
      ),
    ],
  };
  const leaves = (params: Record<string, unknown>): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const value of fit(table, { iterations: 1, ...params })) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  };

  test("max_leaves, max_depth and min_samples_leaf bound a tree", () => {
    expect(leaves({ max_leaves: 7, min_samples_leaf: 1 }).size).toBe(7);
    expect(leaves({ max_depth: 2, min_samples_leaf: 1 }).size).toBe(4);
    expect(Math.min(...leaves({ min_samples_leaf: 60 }).values())).toBeGreaterThanOrEqual(60);
    expect(leaves({ min_samples_leaf: 60 }).size).toBeGreaterThan(2);
    expect(leaves({ min_split_gain: 1e9 }).size).toBe(1);
  });

  test("l2_regularization draws leaves to the mean", () => {
    const spread = (params: Record<string, unknown>): number => {
      const values = [...leaves(params).keys()];
      return Math.max(...values) - Math.min(...values);
    };
    expect(spread({ l2_regularization: 100 })).toBeLessThan(spread({}) / 2);
  });

  test("early stopping finds the number of rounds on held-out rows, and trains as many on all rows", () => {
    const request = { table, target: "y", features: ["x", "noise"], task: "regression", seed: 1 } as const;
    const rounds: number[] = [];
    const params = { early_stopping_rounds: 5, iterations: 500, min_samples_leaf: 2, validation_fraction: 0.3 };
    const stopped = gradientBoosting.train({ ...request, params, onProgress: ({ done }) => rounds.push(done) });
    expect(rounds.at(-1)).toBeLessThan(200);
    const asMany = { iterations: rounds.length, min_samples_leaf: 2, early_stopping_rounds: null };
    expect(stopped.predict(table)).toEqual(gradientBoosting.train({ ...request, params: asMany }).predict(table));
  });

  test("rows with times are held out from the newest: what is learnt of the past does not stop a training that serves the present", () => {
    // The newest fifth follows another rule, so that hardly any round helps there.
    const rows = 1000;
    const [x, y] = [Array.from({ length: rows }, (_, row) => ((row * 37) % rows) / rows), Array.from({ length: rows }, () => 0)];
    for (const [row, value] of x.entries()) y[row] = row < 800 ? Math.sin(6 * value) : -Math.sin(6 * value);
    const request = { table: { rows, columns: [number("x", x), number("y", y)] }, target: "y", features: ["x"], task: "regression", seed: 1, params: {} } as const;
    const roundsOf = (times?: Float64Array): number => {
      let rounds = 0;
      gradientBoosting.train({ ...request, ...(times && { times }), onProgress: ({ done }) => (rounds = done) });
      return rounds;
    };
    expect(roundsOf(Float64Array.from(x.keys()))).toBe(1);
    expect(roundsOf()).toBeGreaterThan(20);
  });

  test.each([{ subsample: 0.5 }, { feature_fraction: 0.5 }])("%o draws by the seed and still learns", (params) => {
    const [a, b, c] = [fit(table, params, 1), fit(table, params, 1), fit(table, params, 2)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    const y = (table.columns[2] as { values: Float64Array }).values;
    expect(squaredError([...y], a)).toBeLessThan(400 * 0.12);
  });

  test("subsample adds a tree's values to the rows it did not see, too", () => {
    const losses: number[] = [];
    const model = gradientBoosting.train({
      table,
      target: "y",
      features: ["x", "noise"],
      task: "regression",
      seed: 3,
      params: { subsample: 0.3, iterations: 20 },
      onProgress: ({ loss }) => losses.push(loss),
    });
    const predicted = model.predict(table);
    const y = (table.columns[2] as { values: Float64Array }).values;
    expect(predicted.task === "regression" && squaredError([...y], predicted.values) / 800).toBeCloseTo(
      losses.at(-1)!,
      9,
    );
  });

  test("rows of weight 2 count as if they were there twice, whatever the weights' unit", () => {
    const step = (values: Float64Array): Float64Array => values.map((value) => Math.round(value * 50));
    const columns = table.columns.map((column) => {
      if (column.type !== "number") return column;
      const values = column.name === "y" ? column.values : step(column.values);
      return { ...column, values };
    });
    const repeated = columns.map((column) =>
      column.type === "number" ? number(column.name, [...column.values, ...column.values.subarray(0, 200)]) : column,
    );
    const request = { target: "y", features: ["x", "noise"], task: "regression", seed: 1 } as const;
    const params = { min_samples_leaf: 1, max_leaves: 5, early_stopping_rounds: null };
    const predict = (table: Table, weights?: Float64Array): number[] => {
      const prediction = gradientBoosting.train({ ...request, table, weights, params }).predict({ rows: 400, columns });
      return prediction.task === "regression" ? [...prediction.values] : [];
    };
    const twice = predict({ rows: 600, columns: repeated });
    const weights = Float64Array.from({ length: 400 }, (_, row) => (row < 200 ? 2e-6 : 1e-6));
    predict({ rows: 400, columns }, weights).forEach((value, row) => expect(value).toBeCloseTo(twice[row], 5));
  });
});

describe("many classes", () => {
  /** Clusters side by side on a grid, of so many rows each, with some rows far from their class. */
  function clusters(sizes: readonly number[], strays: number): Table {
    const random = seededRandom(7);
    const rows = sizes.flatMap((size, k) => Array.from({ length: size }, () => ({ k, x: (k % 8) * 10 + random(), y: Math.floor(k / 8) * 10 + random() })));
    for (let stray = 0; stray < strays; stray++) rows.push({ k: Math.floor(random() * sizes.length), x: random() * 80, y: random() * 80 });
    const names = sizes.map((_, k) => `r${String(k).padStart(2, "0")}`);
    return {
      rows: rows.length,
      columns: [number("lat", rows.map(({ x }) => x)), number("lon", rows.map(({ y }) => y)), { name: "y", type: "category", codes: Int32Array.from(rows, ({ k }) => k), dictionary: names }],
    };
  }

  test.each<[what: string, sizes: number[], strays: number]>([
    ["55 of 40 rows", Array.from({ length: 55 }, () => 40), 0],
    ["56 of which some have a row or two, and strays", Array.from({ length: 56 }, (_, k) => (k % 7 === 0 ? 1 + (k % 2) : 45)), 60],
    ["7 of which one has nearly all rows", [3000, 200, 30, 25, 4, 2, 1], 40],
  ])("%s: the loss falls from round to round, and the classes are told apart", (_, sizes, strays) => {
    const table = clusters(sizes, strays);
    const losses: number[] = [];
    const model = gradientBoosting.train({ table, target: "y", features: ["lat", "lon"], task: "multiclass", params: { iterations: 40 }, seed: 1, onProgress: ({ loss }) => losses.push(loss) });
    for (const [round, loss] of losses.entries()) expect(loss).toBeLessThanOrEqual(round === 0 ? Infinity : losses[round - 1] * 1.02);
    const prediction = model.predict(table);
    if (prediction.task === "regression") throw new Error("no classes");
    const { classes, probabilities } = prediction;
    const codes = table.columns[2].type === "category" ? table.columns[2].codes : new Int32Array();
    let right = 0;
    for (const [row, code] of codes.entries()) {
      const own = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
      if (own.indexOf(Math.max(...own)) === code) right++;
    }
    expect(right / table.rows).toBeGreaterThan(0.95);
  });
});
