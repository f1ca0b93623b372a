import type { CategoriesColumn } from "../columns/categories-column.ts";
import { NumbersColumn } from "../columns/numbers-column.ts";
import type { SurveyColumn } from "../columns/survey-column.ts";
import type { TableSource } from "./source.ts";
import { streamCells, type OnRow } from "./stream-cells.ts";

type ReadColumn = NumbersColumn | CategoriesColumn;

/**
 * Hands every cell of an inspected source to the column that reads it: from memory, where the inspection has left the cells there and they say all that the
 * readings ask, else from the file. After each row, or from memory each so many rows (`blockRows`), `onRow` is called and waited for. Says how many rows
 * there were.
 *
 * @throws as `streamCells`
 */
export async function readSource({ layout, rows, surveys }: Pick<TableSource, "layout" | "rows" | "surveys">, columns: readonly ReadColumn[], onRow?: OnRow, blockRows = rows): Promise<number> {
  if (!surveys?.every((survey, index) => saysAll(survey, columns[index]))) return await streamCells(layout, columns, onRow);
  const cells = surveys.map((survey) => survey.cells!.packed);
  for (let row = 0; row < rows; row += blockRows) {
    const until = Math.min(rows, row + blockRows);
    for (const [index, column] of columns.entries()) column.remembered(cells[index], surveys[index].texts, row, until);
    await onRow?.(until);
  }
  return rows;
}

/** A number is its text only to a reading that takes plain numbers as they are: codes, marks and dates ask how it was written. */
const saysAll = ({ numbers }: SurveyColumn, column: ReadColumn): boolean => numbers === 0 || (column instanceof NumbersColumn && column.takesNumbers);
