import type { Column, Table } from "../../data/types.ts";
import { seededRandom } from "../random.ts";
import type { Task } from "../types.ts";

const colours = ["red", "green", "blue", "black", "white", "grau é", "sky blue", "yellow"];

/** A table whose targets follow from its features, with missing values, a constant, an empty column and odd names. */
export function madeTable(rows: number, seed = 1): Table {
  const random = seededRandom(seed);
  const number = (name: string, value: (row: number) => number): Column => ({
    name,
    type: "number",
    values: Float64Array.from({ length: rows }, (_, row) => value(row)),
  });
  const category = (name: string, dictionary: readonly string[], code: (row: number) => number): Column => ({
    name,
    type: "category",
    dictionary,
    codes: Int32Array.from({ length: rows }, (_, row) => code(row)),
  });
  const x = Float64Array.from({ length: rows }, () => (random() < 0.1 ? NaN : Math.round(random() * 400) / 20));
  const z = Float64Array.from({ length: rows }, () => random() * 1e5);
  const colour = Int32Array.from({ length: rows }, () => Math.floor(random() * (colours.length + 1)) - 1);
  const signal = Float64Array.from(
    { length: rows },
    (_, row) => (x[row] > 7 ? 4 : 0) + z[row] / 2e4 + [1, 5, -3, 2, 2, -4, 0, 3, 6][colour[row] + 1] + random(),
  );
  const level = (row: number): number => (signal[row] < 2 ? 0 : signal[row] < 7 ? 1 : 2);
  return {
    rows,
    columns: [
      number("x 1.a", (row) => x[row]),
      number("z/ü", (row) => z[row]),
      category("colour", colours, (row) => colour[row]),
      number("constant", () => 3.7),
      category("same", ["only"], () => 0),
      number("empty", () => NaN),
      category("nothing", [], () => -1),
      number("amount", (row) => signal[row] * 10 + 1000),
      category("bought", ["yes", "no"], (row) => (level(row) === 0 ? 1 : 0)),
      category("level", ["mid", "low", "top"], (row) => [1, 0, 2][level(row)]),
    ],
  };
}

export const madeFeatures = ["x 1.a", "z/ü", "colour", "constant", "same", "empty", "nothing"] as const;
export const madeTargets: Readonly<Record<Task, string>> = {
  regression: "amount",
  binary: "bought",
  multiclass: "level",
};
