import type { BlockCells } from "../../data/columns/cell-block.ts";
import { invalid } from "../../errors.ts";
import type { AnswerColumn, AnswerField, AnswerType } from "./answer-columns.ts";

/** How a column of the table is written beside the answers: as its first block has it. */
export function keptField(name: string, column: BlockCells, integers: boolean): AnswerField {
  const type: AnswerType = "times" in column ? "TIMESTAMP" : "numbers" in column ? (integers ? "INT64" : "DOUBLE") : "STRING";
  return { name, type };
}

/** A column of the table as it goes beside the answers. Throws `serving.columns_differ` where it is another kind of column than before (another file). */
export function keptColumn({ name, type }: AnswerField, column: BlockCells): AnswerColumn {
  if (type === "STRING") return { name, type, values: textsOf(column) };
  const values = type === "TIMESTAMP" ? ("times" in column ? column.times : undefined) : "numbers" in column ? column.numbers : undefined;
  if (!values || (type === "INT64" && values.some((value) => !Number.isNaN(value) && !Number.isSafeInteger(value)))) {
    throw invalid("serving.columns_differ", `The column ${JSON.stringify(name)} is of another kind here (${type} before), so that it cannot go on in the same column of the answers; leave it out, or score the files one by one`);
  }
  return { name, type, values };
}

function textsOf(column: BlockCells): (string | null)[] {
  if ("cells" in column) return column.cells.map((cell) => (cell === null || cell === undefined ? null : String(cell)));
  if ("times" in column) return Array.from(column.times, (time) => (Number.isNaN(time) ? null : new Date(time).toISOString()));
  return Array.from(column.numbers, (value) => (Number.isNaN(value) ? null : String(value)));
}
