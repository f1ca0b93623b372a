import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column, Table } from "../../data/types.ts";
import { trainers } from "../trainers.ts";
import type { Task } from "../types.ts";
import { runOnnx } from "./run-onnx.ts";

const outputs = ["prediction", "label", "probabilities"];
const name = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  fc.constantFrom("a b", "a.b", "constant_1", "LabelEncoder_1", "Gather_2", "ü/é"),
);
const value = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.float() },
  {
    weight: 2,
    arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1e300, -1e300, 1e-300, 0.1, Math.fround(0.1), 16777217, -0),
  },
);
const dictionary = fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 5 }), { minLength: 1, maxLength: 8 });

/** A table for training and one for predicting, whose category column has other categories, too. */
interface Case {
  readonly training: Table;
  readonly serving: Table;
  readonly features: readonly string[];
  readonly task: Task;
  readonly batch: number;
}

const tables: fc.Arbitrary<Case> = fc
  .record({
    names: fc.uniqueArray(
      name.filter((text) => !outputs.includes(text) && text !== "target"),
      { minLength: 4, maxLength: 4 },
    ),
    categories: fc.tuple(dictionary, dictionary, dictionary, dictionary),
    rows: fc.array(fc.tuple(value, value, fc.nat(8), fc.nat(8), fc.nat(2)), { minLength: 40, maxLength: 120 }),
    fresh: fc.array(fc.tuple(value, value, fc.nat(8), fc.nat(8), fc.nat(2)), { minLength: 1, maxLength: 30 }),
    task: fc.constantFrom<Task>("regression", "binary", "multiclass"),
    batch: fc.constantFrom(1, 7, 1000),
  })
  .map(({ names, categories: [first, second, otherFirst, otherSecond], rows, fresh, task, batch }) => {
    const build = (rows: readonly (readonly number[])[], dictionaries: readonly string[][]): Column[] => [
      ...[0, 1].map((c): Column => ({
        name: names[c],
        type: "number",
        values: Float64Array.from(rows, (row) => row[c]),
      })),
      ...[2, 3].map((c): Column => {
        const dictionary = dictionaries[c - 2];
        return {
          name: names[c],
          type: "category",
          dictionary,
          codes: Int32Array.from(rows, (row) => (row[c] % (dictionary.length + 1)) - 1),
        };
      }),
    ];
    const target: Column = {
      name: "target",
      type: "number",
      values: Float64Array.from(rows, (row, r) => targetOf(row, r, task)),
    };
    const training = { rows: rows.length, columns: [...build(rows, [first, second]), target] };
    const both = (a: string[], b: string[]): string[] => [...new Set([...a, ...b])];
    const serving = { rows: fresh.length, columns: build(fresh, [both(first, otherFirst), both(second, otherSecond)]) };
    return { training, serving, features: names, task, batch };
  });

/** A target that depends on all columns; the first rows hold every class. */
function targetOf([x, z, a, b, extra]: readonly number[], row: number, task: Task): number {
  const signal = (x > 0 ? 3 : 0) + (z <= 0.1 ? 2 : 0) + (a % 3) + (b % 2) * 4 + extra;
  if (task === "regression") return signal;
  const classes = task === "binary" ? 2 : 3;
  return row < classes ? row : Math.floor(signal / 4) % classes;
}

const params: Readonly<Record<string, object>> = {
  "gradient-boosting": { min_samples_leaf: 1, iterations: 15, category_smoothing: 1 },
};

describe.each(trainers.map((trainer) => ({ name: trainer.name, trainer })))("$name", ({ name, trainer }) => {
  test("answers through onnxruntime as it predicts, whatever the table holds", async () => {
    await fc.assert(
      fc.asyncProperty(tables, async ({ training, serving, features, task, batch }) => {
        const model = trainer.train({
          table: training,
          target: "target",
          features,
          task,
          seed: 1,
          params: { ...params[name] },
        });
        for (const table of [training, serving]) {
          const prediction = model.predict(table);
          const expected = prediction.task === "regression" ? prediction.values : prediction.probabilities;
          const { values } = await runOnnx(model, table, batch);
          expect(values.length).toBe(expected.length);
          // Scores add up in float32, so their error is relative to the largest part, of which an outlier has the
          // larger.
          const scale = Math.max(20, ...expected.map(Math.abs));
          values.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-6 * scale));
        }
      }),
      { numRuns: 60 },
    );
  });
});
