import type { BlockCells } from "../../data/columns/cell-block.ts";
import type { TableBlock } from "../../data/sources/table-blocks.ts";
import { invalid } from "../../errors.ts";
import { isCells, type Input } from "../gateway/tensors/input.ts";
import type { ModelColumns } from "./model-columns.ts";

/** The rows of a block as clients would send them: what they mean is said by the gateway's own reader. */
export function blockInputs({ rows, columns }: TableBlock, { columns: names, inputs, matrix }: ModelColumns): Input[] {
  if (matrix === undefined) return inputs.map((name, at) => inputOf(name, columns[at], rows));
  return [{ name: inputs[0], datatype: "FP64", shape: [rows, matrix], data: interleaved(columns, names, rows) }];
}

function inputOf(name: string, column: BlockCells, rows: number): Input {
  const shape = [rows];
  if ("numbers" in column) return { name, datatype: "FP64", shape, data: column.numbers };
  if ("times" in column) return { name, shape, value: Array.from(column.times, isoOrNull), where: columnNamed(name) };
  return { name, shape, value: column.cells, where: columnNamed(name) };
}

const columnNamed = (name: string): string => `column ${JSON.stringify(name)}`;
const isoOrNull = (time: number): string | null => (Number.isNaN(time) ? null : new Date(time).toISOString());

/** Columns side by side; a cell that is no number is refused, as the matrix says nothing of how to read it. */
function interleaved(columns: readonly BlockCells[], names: readonly string[], rows: number): Float64Array {
  const values = new Float64Array(rows * columns.length);
  for (const [at, column] of columns.entries()) {
    if ("numbers" in column) for (let row = 0; row < rows; row++) values[row * columns.length + at] = column.numbers[row];
    else {
      const bad = "cells" in column ? column.cells.find((cell) => cell !== null && typeof cell !== "number") : "a point in time";
      if (bad !== undefined) throw invalid("serving.bad_value", `Column ${JSON.stringify(names[at])} holds ${JSON.stringify(bad)}; the model takes a matrix of numbers`);
      for (let row = 0; row < rows; row++) values[row * columns.length + at] = ((column as { cells: readonly (number | null)[] }).cells[row]) ?? NaN;
    }
  }
  return values;
}

/** Rows from `from` up to `until` of inputs. */
export function rowsOfInputs(inputs: readonly Input[], from: number, until: number): Input[] {
  return inputs.map((input): Input => {
    const width = input.shape.length > 1 ? input.shape[1] : 1;
    const shape = [until - from, ...input.shape.slice(1)];
    return isCells(input) ? { ...input, shape, value: (input.value as readonly unknown[]).slice(from, until) } : { ...input, shape, data: input.data.slice(from * width, until * width) };
  });
}
