import { invalid } from "../errors.ts";
import { columnNotFound } from "./column-names.ts";
import { identifier, literal } from "../storage/duckdb.ts";
import type { DatasetColumn, TimeRange } from "./types.ts";

const isoPattern = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;

/**
 * The SQL condition of a time range, `true` for none.
 *
 * @throws `data.column_not_found`, `data.not_a_time_column` (a category), `data.time_invalid` (a bound that does not fit the column)
 */
export function timeCondition(range: TimeRange | undefined, columns: readonly DatasetColumn[]): string {
  if (range === undefined) return "true";
  const column = columns.find(({ name }) => name === range.time);
  if (column === undefined) throw columnNotFound(range.time, columns.map(({ name }) => name), "time");
  if (column.type === "category") {
    const message = `Column "${column.name}" holds text, not points in time; a time range needs a date, timestamp or number column.`;
    throw invalid("data.not_a_time_column", message, { column: column.name });
  }
  const conditions: string[] = [];
  if (range.from !== undefined) conditions.push(`${identifier(column.name)} >= ${bound(range.from, column)}`);
  if (range.until !== undefined) conditions.push(`${identifier(column.name)} < ${bound(range.until, column)}`);
  return conditions.join(" AND ") || "true";
}

function bound(value: string | number, column: DatasetColumn): string {
  if (column.type === "number") {
    const number = Number(value);
    if (value !== "" && Number.isFinite(number)) return String(number);
    throw invalid("data.time_invalid", `Column "${column.name}" holds numbers, so ${JSON.stringify(value)} is no bound for it; give a number.`, {
      column: column.name,
      value,
    });
  }
  const text = String(value);
  if (!isoPattern.test(text) || Number.isNaN(Date.parse(text))) {
    const message = `${JSON.stringify(value)} is no ISO 8601 date or time for column "${column.name}"; write 2011-12-31 or 2011-12-31T18:00:00Z.`;
    throw invalid("data.time_invalid", message, { column: column.name, value });
  }
  return `(TIMESTAMPTZ ${literal(text)} AT TIME ZONE 'UTC')`;
}
