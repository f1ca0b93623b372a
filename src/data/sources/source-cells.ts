import type { CategoriesColumn } from "../columns/categories-column.ts";
import { NumbersColumn } from "../columns/numbers-column.ts";
import type { SurveyColumn } from "../columns/survey-column.ts";
import type { TableSource } from "./source.ts";
import { streamCells, type OnRow } from "./stream-cells.ts";

type ReadColumn = NumbersColumn | CategoriesColumn;

/**
 * Hands every cell of an inspected source to the column that reads it, row by row: from memory, where the inspection has left the cells there and they say
 * all that the readings ask, else from the file. Says how many rows there were.
 *
 * @throws as `streamCells`
 */
export async function readSource({ layout, rows, surveys }: Pick<TableSource, "layout" | "rows" | "surveys">, columns: readonly ReadColumn[], onRow?: OnRow): Promise<number> {
  if (!surveys?.every((survey, index) => saysAll(survey, columns[index]))) return await streamCells(layout, columns, onRow);
  if (!onRow) {
    for (const [index, column] of columns.entries()) for (let row = 0; row < rows; row++) handOn(surveys[index], row, column);
    return rows;
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns.length; column++) handOn(surveys[column], row, columns[column]);
    const pause = onRow(row + 1);
    if (pause) await pause;
  }
  return rows;
}

/** A number is its text only to a reading that takes plain numbers as they are: codes, marks and dates ask how it was written. */
const saysAll = ({ numbers }: SurveyColumn, column: ReadColumn): boolean => numbers === 0 || (column instanceof NumbersColumn && column.takesNumbers);

function handOn({ cells, texts }: SurveyColumn, row: number, column: ReadColumn): void {
  const text = cells!.textOf(row);
  if (text >= 0) return column.indexed(text, texts);
  const value = cells!.numberOf(row);
  if (value === value) (column as NumbersColumn).number(value);
  else column.missing();
}
