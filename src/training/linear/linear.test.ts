import { describe, expect, test } from "vitest";
import type { Column, Table } from "../../data/types.ts";
import { linear } from "./linear.ts";
import { solvePositiveDefinite } from "./cholesky.ts";
import { minimize } from "./lbfgs.ts";

const number = (name: string, values: readonly number[]): Column => ({
  name,
  type: "number",
  values: Float64Array.from(values),
});
const category = (name: string, values: readonly string[]): Column => {
  const dictionary = [...new Set(values)];
  return { name, type: "category", dictionary, codes: Int32Array.from(values, (value) => dictionary.indexOf(value)) };
};

const a = number("a", [1, 2, 4, 3, 5, 8, 6, 7, 2, 9]);
const b = number("b", [0.5, -1, 2, 0, 1, -2, 3, 1, 0, -1]);
const k = category("k", ["u", "v", "u", "w", "v", "w", "u", "v", "w", "u"]);
const y = number("y", [3, 1, 7, 2, 6, 4, 11, 8, 1, 9]);
const binary = number("binary", [0, 0, 1, 0, 1, 0, 1, 1, 0, 1]);
const three = category("three", ["p", "q", "r", "q", "r", "p", "r", "p", "q", "p"]);
const table: Table = { rows: 10, columns: [a, b, k, y, binary, three] };

// From scikit-learn 1.9.1: Ridge(alpha=1) and LogisticRegression(C=1, tol=1e-10) on StandardScaler of a, b and
// OneHotEncoder of k.
const golden = {
  regression: [
    3.0943088, 1.2331148, 7.3460705, 2.2488376, 6.0378345, 4.3584853, 10.1805783, 7.7664263, 1.3845417, 8.3498022,
  ],
  binary: [
    0.7368927, 0.2631073, 0.8456137, 0.1543863, 0.2312336, 0.7687664, 0.8164576, 0.1835424, 0.2922214, 0.7077786,
    0.7230546, 0.2769454, 0.0636344, 0.9363656, 0.1592068, 0.8407932, 0.867874, 0.132126, 0.2638112, 0.7361888,
  ],
  multiclass: [
    0.32344, 0.4056704, 0.2708896, 0.2868217, 0.6465291, 0.0666492, 0.2565959, 0.0785987, 0.6648054, 0.2576937,
    0.6231024, 0.1192039, 0.3645003, 0.2006388, 0.4348609, 0.7919286, 0.1828902, 0.0251811, 0.1510513, 0.0180779,
    0.8308708, 0.4684605, 0.1007714, 0.430768, 0.1853617, 0.7169714, 0.0976669, 0.9141462, 0.0267498, 0.0591041,
  ],
};

describe("equals scikit-learn", () => {
  test.each([
    ["regression", "y"],
    ["binary", "binary"],
    ["multiclass", "three"],
  ] as const)("%s", (task, target) => {
    const model = linear.train({
      table,
      target,
      features: ["a", "b", "k"],
      task,
      params: { tolerance: 1e-9 },
      seed: 1,
    });
    const prediction = model.predict(table);
    const numbers = prediction.task === "regression" ? prediction.values : prediction.probabilities;
    expect(numbers.length).toBe(golden[task].length);
    numbers.forEach((value, i) => expect(value).toBeCloseTo(golden[task][i], 5));
  });
});

test("a missing number counts as the mean, and an infinite one stays finite", () => {
  const model = linear.train({ table, target: "y", features: ["a"], task: "regression", params: {}, seed: 1 });
  const prediction = model.predict({ rows: 4, columns: [number("a", [NaN, 4.7, Infinity, -Infinity])] });
  const [missing, mean, high, low] = prediction.task === "regression" ? prediction.values : [];
  expect(missing).toBeCloseTo(mean, 6);
  expect(high).toBeGreaterThan(100);
  expect(low).toBeLessThan(-100);
  expect(Number.isFinite(high - low)).toBe(true);
});

test("only the most frequent categories get a coefficient", () => {
  const request = { table, target: "y", features: ["k"], task: "regression", seed: 1 } as const;
  const model = linear.train({ ...request, params: { max_categories: 1 } });
  const prediction = model.predict(table);
  const values = prediction.task === "regression" ? [...prediction.values] : [];
  expect(new Set(values).size).toBe(2);
  expect(values[1]).toBe(values[3]);
});

describe("solvers", () => {
  test("Cholesky solves a system, and refuses a singular one", () => {
    expect(
      [...solvePositiveDefinite(Float64Array.of(4, 2, 2, 3), Float64Array.of(10, 8))].map((v) => Number(v.toFixed(12))),
    ).toEqual([1.75, 1.5]);
    expect(() => solvePositiveDefinite(Float64Array.of(1, 1, 1, 1), Float64Array.of(1, 1))).toThrow(/not unique/);
  });

  test("L-BFGS finds the minimum of an ill-conditioned quadratic", () => {
    const scale = [1, 100, 10_000];
    const point = minimize(
      (x, gradient) => {
        let value = 0;
        for (let i = 0; i < 3; i++) {
          gradient[i] = scale[i] * (x[i] - i);
          value += (gradient[i] * (x[i] - i)) / 2;
        }
        return value;
      },
      new Float64Array(3),
      { tolerance: 1e-9, maxIterations: 200, curvature: Float64Array.of(1, 1, 1) },
    );
    point.forEach((value, i) => expect(value).toBeCloseTo(i, 8));
  });
});
