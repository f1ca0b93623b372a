import type { Column } from "../data/types.ts";
import { columnsOf } from "./columns.ts";
import type { Signature } from "./types.ts";

/** What a graph takes for a feature: its element type and its values, [rows, 1]. */
export type InputValues =
  | { readonly type: "float32"; readonly data: Float32Array }
  | { readonly type: "float64"; readonly data: Float64Array }
  | { readonly type: "string"; readonly data: string[] };

/** The inputs of a model's graph for feature columns in the order of the signature; an unseen category goes in as it is. */
export function inputValues(signature: Signature, columns: readonly Column[]): Map<string, InputValues> {
  const wide = new Set(columnsOf(signature).flatMap(({ name, offset }) => (offset === undefined ? [] : [name])));
  return new Map(
    signature.features.map(({ name, type }, index): [string, InputValues] => {
      const column = columns[index];
      if (type === "category") return [name, { type: "string", data: textsOf(column) }];
      const values = column.type === "number" ? column.values : new Float64Array(column.codes.length).fill(NaN);
      return [name, type === "timestamp" || wide.has(name) ? { type: "float64", data: values } : { type: "float32", data: Float32Array.from(values) }];
    }),
  );
}

const textsOf = (column: Column): string[] =>
  column.type === "number"
    ? Array.from(column.values, (value) => (Number.isNaN(value) ? "" : String(value)))
    : Array.from(column.codes, (code) => (code < 0 ? "" : column.dictionary[code]));
