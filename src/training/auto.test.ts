import { expect, test } from "vitest";
import type { Table } from "../data/types.ts";
import { auto } from "./auto.ts";
import { seededRandom } from "./random.ts";

/** Two numbers and what is made of them, with noise. */
function made(rows: number, target: (x: number, z: number) => number): Table {
  const random = seededRandom(4);
  const [x, z, y] = [new Float64Array(rows), new Float64Array(rows), new Float64Array(rows)];
  for (let row = 0; row < rows; row++) {
    [x[row], z[row]] = [random() * 10, random() * 10];
    y[row] = target(x[row], z[row]) + random();
  }
  return { rows, columns: [{ name: "x", type: "number", values: x }, { name: "z", type: "number", values: z }, { name: "y", type: "number", values: y }] };
}

const steps = (x: number, z: number): number => (x > 5 ? 10 : 0) + (z > 3 && x < 5 ? 20 : 0);
const plane = (x: number, z: number): number => 3 * x - 2 * z;

test.each<[string, number, (x: number, z: number) => number, string]>([
  ["a plane, of many rows", 1000, plane, "linear"],
  ["a plane, of few rows", 100, plane, "linear"],
  ["a plane, of a dozen rows", 12, plane, "linear"],
  ["steps, of many rows", 1000, steps, "gradient-boosting"],
  ["steps, of few rows", 300, steps, "gradient-boosting"],
])("%s", (_, rows, target, algorithm) => {
  const model = auto.train({ table: made(rows, target), target: "y", features: ["x", "z"], task: "regression", params: {}, seed: 1 });
  expect(model.algorithm).toBe(algorithm);
});

test("the newest rows decide where rows have a time: what was a plane and is steps now is boosted", () => {
  const [before, now] = [made(800, plane), made(200, steps)];
  const join = (name: string): Float64Array => Float64Array.from([before, now].flatMap(({ columns }) => [...(columns.find((column) => column.name === name) as { values: Float64Array }).values]));
  const table: Table = { rows: 1000, columns: ["x", "z", "y"].map((name) => ({ name, type: "number", values: join(name) })) };
  const train = (times?: Float64Array): string => auto.train({ table, target: "y", features: ["x", "z"], task: "regression", params: {}, seed: 1, ...(times && { times }) }).algorithm;
  expect([train(), train(Float64Array.from({ length: 1000 }, (_, row) => row))]).toEqual(["linear", "gradient-boosting"]);
});

test("the better one is trained on all rows, as if it had been asked for", async () => {
  const { linear } = await import("./linear/linear.ts");
  const request = { table: made(500, plane), target: "y", features: ["x", "z"], task: "regression", params: {}, seed: 1 } as const;
  expect(auto.train(request).predict(request.table)).toEqual(linear.train(request).predict(request.table));
});

test("where the older rows are all of one class, which no linear model takes, boosting is trained on all", () => {
  const { columns, rows } = made(500, plane);
  const table: Table = { rows, columns: [...columns.slice(0, 2), { name: "y", type: "category", codes: Int32Array.from({ length: rows }, (_, row) => (row < 450 ? 0 : row % 2)), dictionary: ["no", "yes"] }] };
  const model = auto.train({ table, target: "y", features: ["x", "z"], task: "binary", params: {}, seed: 1, times: Float64Array.from({ length: rows }, (_, row) => row) });
  expect([model.algorithm, model.signature.classes]).toEqual(["gradient-boosting", ["no", "yes"]]);
});
