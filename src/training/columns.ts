import { closest } from "fastest-levenshtein";
import type { Column, Table } from "../data/types.ts";
import { invalid } from "../errors.ts";
import { expandColumns } from "./time-parts.ts";
import type { ModelColumn, Signature } from "./types.ts";

/** The column of that name; throws `training.unknown_column`, naming the nearest one. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((column) => column.name === name);
  if (column) return column;
  const names = table.columns.map((column) => column.name);
  const hint = names.length > 0 ? `; did you mean "${closest(name, names)}"?` : ".";
  throw invalid("training.unknown_column", `The table has no column "${name}"${hint}`);
}

/** What the algorithm sees of the features of a signature. */
export const columnsOf = ({ features, columns }: Signature): readonly ModelColumn[] => columns ?? (features as readonly ModelColumn[]);

/** The columns of a table that the algorithm sees, as it sees them. */
export function modelColumnsOf(table: Table, signature: Signature): Column[] {
  const features = featureColumnsOf(table, signature);
  return signature.columns ? expandColumns(signature.columns, new Map(features.map((column) => [column.name, column]))) : features;
}

/**
 * The feature columns of a table in the order of the signature. A column that is empty throughout may have either type;
 * otherwise a column of the wrong type throws `training.column_type`.
 */
export function featureColumnsOf(table: Table, signature: Signature): Column[] {
  return signature.features.map(({ name, type }) => {
    const column = columnOf(table, name);
    if (column.type === (type === "timestamp" ? "number" : type)) return column;
    if (column.type === "number" && column.values.every(Number.isNaN)) {
      return { name, type: "category", codes: new Int32Array(table.rows).fill(-1), dictionary: [] };
    }
    if (column.type === "category" && column.codes.every((code) => code < 0)) {
      return { name, type: "number", values: new Float64Array(table.rows).fill(NaN) };
    }
    throw invalid(
      "training.column_type",
      `The model was trained with "${name}" as a ${type}, but the table holds it as a ${column.type}.`,
    );
  });
}
