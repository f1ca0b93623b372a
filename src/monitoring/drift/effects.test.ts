import { expect, test } from "vitest";
import type { NumberColumn, Table } from "../../data/types.ts";
import { seededRandom } from "../../training/random.ts";
import type { Prediction } from "../../training/types.ts";
import { effectsOf } from "./effects.ts";

const random = seededRandom(5);
const column = (name: string): NumberColumn => ({ name, type: "number", values: Float64Array.from({ length: 5000 }, () => random()) });
const table: Table = { rows: 5000, columns: ["a", "b", "c"].map(column) };
const numbers = (of: Table, name: string): Float64Array => (of.columns.find((one) => one.name === name) as NumberColumn).values;

test("of a sum of independent inputs, each has its share of the variance; one that the model does not use has none", async () => {
  // Var(3a + b) = 9/12 + 1/12: nine tenths and one tenth.
  const score = async (rows: Table): Promise<Prediction> => ({ task: "regression", values: numbers(rows, "a").map((a, row) => 3 * a + numbers(rows, "b")[row]) });
  const [a, b, c] = await effectsOf(table, ["a", "b", "c"], score, 1);
  expect([a, b]).toEqual([expect.closeTo(0.9, 1), expect.closeTo(0.1, 1)]);
  expect(c).toBe(0);
  expect(await effectsOf(table, ["a", "b", "c"], score, 1)).toEqual([a, b, c]);
});

test("an interaction counts for both inputs; of classes the probabilities tell", async () => {
  // (a > 1/2) xor (b > 1/2): a permutation of either changes half of the answers, as much as two independent ones differ.
  const score = async (rows: Table): Promise<Prediction> => {
    const b = numbers(rows, "b");
    return { task: "binary", classes: ["no", "yes"], probabilities: Float64Array.from({ length: 2 * rows.rows }, (_, at) => Number((numbers(rows, "a")[at >> 1] > 0.5) !== (b[at >> 1] > 0.5) === (at % 2 === 1))) };
  };
  const effects = await effectsOf(table, ["a", "b", "c"], score, 1);
  expect(effects).toEqual([expect.closeTo(1, 1), expect.closeTo(1, 1), 0]);
});

test("a model that always answers the same uses nothing, and so does one of a single row", async () => {
  const score = async (rows: Table): Promise<Prediction> => ({ task: "regression", values: new Float64Array(rows.rows).fill(7) });
  expect(await effectsOf(table, ["a", "b"], score, 1)).toEqual([0, 0]);
  expect(await effectsOf({ rows: 1, columns: table.columns.map((one) => ({ ...(one as NumberColumn), values: (one as NumberColumn).values.slice(0, 1) })) }, ["a"], score, 1)).toEqual([0]);
});
