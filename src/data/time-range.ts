import { invalid } from "../errors.ts";
import { columnNotFound } from "./column-names.ts";
import { double, identifier } from "../storage/duckdb.ts";
import { timeOfText } from "../values/time-text.ts";
import type { DatasetColumn, TimeRange } from "./types.ts";

const isoPattern = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;

/** A time range as numbers: milliseconds since 1970 for points in time. */
export interface TimeBounds {
  /** Of the column. */
  readonly index: number;
  readonly from: number;
  readonly until: number;
}

/**
 * The bounds of a time range, [from, until); undefined for none.
 *
 * @throws `data.column_not_found`, `data.not_a_time_column` (a category), `data.time_invalid` (a bound that does not fit the column)
 */
export function timeBounds(range: TimeRange | undefined, columns: readonly DatasetColumn[]): TimeBounds | undefined {
  if (range === undefined) return undefined;
  const index = columns.findIndex(({ name }) => name === range.time);
  if (index < 0) throw columnNotFound(range.time, columns.map(({ name }) => name), "time");
  const column = columns[index];
  if (column.type === "category") {
    const message = `Column "${column.name}" holds text, not points in time; a time range needs a date, timestamp or number column.`;
    throw invalid("data.not_a_time_column", message, { column: column.name });
  }
  return { index, from: range.from === undefined ? -Infinity : bound(range.from, column), until: range.until === undefined ? Infinity : bound(range.until, column) };
}

/**
 * The SQL condition of a time range, `true` for none.
 *
 * @throws `data.column_not_found`, `data.not_a_time_column` (a category), `data.time_invalid` (a bound that does not fit the column)
 */
export function timeCondition(range: TimeRange | undefined, columns: readonly DatasetColumn[]): string {
  const bounds = timeBounds(range, columns);
  if (bounds === undefined) return "true";
  const column = columns[bounds.index];
  const name = identifier(column.name);
  const literalOf = (value: number): string => (column.type === "number" ? double(value) : `make_timestamp(${Math.round(value * 1000)})`);
  const conditions = [
    ...(bounds.from === -Infinity ? [] : [`${name} >= ${literalOf(bounds.from)}`]),
    ...(bounds.until === Infinity ? [] : [`${name} < ${literalOf(bounds.until)}`]),
  ];
  return conditions.join(" AND ") || "true";
}

function bound(value: string | number, column: DatasetColumn): number {
  if (column.type === "number") {
    const number = Number(value);
    if (value !== "" && Number.isFinite(number)) return number;
    throw invalid("data.time_invalid", `Column "${column.name}" holds numbers, so ${JSON.stringify(value)} is no bound for it; give a number.`, { column: column.name, value });
  }
  const text = String(value);
  const time = isoPattern.test(text) ? timeOfText(text, {}) : undefined;
  if (time === undefined) {
    const message = `${JSON.stringify(value)} is no ISO 8601 date or time for column "${column.name}"; write 2011-12-31 or 2011-12-31T18:00:00Z.`;
    throw invalid("data.time_invalid", message, { column: column.name, value });
  }
  return time;
}
