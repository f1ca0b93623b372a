import { invalid } from "../../errors.ts";
import { monthNumber } from "../../values/time-text.ts";
import { columnNotFound } from "../column-names.ts";
import type { Column, DatasetColumn } from "../types.ts";

/** What the columns of a joined date hold, in this order; the second may be a quarter, which then is the last. */
const kinds = ["year", "month", "day", "hour", "minute", "second"] as const;
type Kind = (typeof kinds)[number] | "quarter";

const quarterName = /^(quarter|qtr|q)$/i;

/** Cells of a column as they are being read or were read. */
export type PartCells = { readonly values: Float64Array } | { readonly codes: Int32Array; readonly dictionary: readonly string[] };

const kindAt = (name: string, at: number): Kind => (at === 1 && quarterName.test(name) ? "quarter" : kinds[at]);

/**
 * The column that joins others to a point in time: a year, then a month or a quarter, then day, hour, minute and second as far as there are any.
 *
 * @throws `data.dates_unusable`: its name is taken, or there are too few or too many parts; `data.column_not_found`
 */
export function joinedColumn(name: string, parts: readonly string[], columns: readonly DatasetColumn[]): DatasetColumn {
  const names = columns.map((column) => column.name);
  const unusable = (what: string): Error => invalid("data.dates_unusable", `data.dates.${name} ${what}`, { column: name, parts });
  if (names.includes(name)) throw unusable(`joins ${parts.join(", ")} into a new column, but the table has a column ${name}; give it another name`);
  for (const part of parts) if (!names.includes(part)) throw columnNotFound(part, names, `data.dates.${name}`);
  const most = parts[1] !== undefined && quarterName.test(parts[1]) ? 2 : kinds.length;
  if (parts.length < 2 || parts.length > most) throw unusable(`lists ${parts.length} ${parts.length === 1 ? "column" : "columns"}; a year and a month or quarter, then day, hour, minute and second after a month, make a date (a column of years alone is \`${parts[0] ?? "year"}: year\`)`);
  return { name, type: "timestamp", stored: parts.length > 3 ? "TIMESTAMP" : "DATE", joins: parts };
}

/** The points in time that rows from `from` up to `until` have, ms UTC; NaN where a part is missing or there is no such time (31 April). */
export function joinedTimes(names: readonly string[], parts: readonly PartCells[], from: number, until: number): Float64Array {
  const readers = parts.map((cells, at) => readerOf(kindAt(names[at], at), cells));
  const times = new Float64Array(until - from);
  for (let row = from; row < until; row++) {
    const [year, month, day = 1, hour = 0, minute = 0, second = 0] = readers.map((read) => read(row));
    times[row - from] = instant(year, month, day, hour, minute, second);
  }
  return times;
}

function instant(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  if (!(year >= 1000 && year <= 2999 && month >= 1 && month <= 12 && day >= 1 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60)) return Number.NaN;
  const time = Date.UTC(year, month - 1, day, hour, minute);
  return new Date(time).getUTCDate() === day ? time + Math.round(second * 1000) : Number.NaN;
}

/** Reads the part of a row: its number, of a quarter its first month, of a month's name (English) its number. */
function readerOf(kind: Kind, cells: PartCells): (row: number) => number {
  const part = (value: number): number => (kind !== "second" && !Number.isInteger(value) ? Number.NaN : kind === "quarter" ? (value >= 1 && value <= 4 ? 3 * value - 2 : Number.NaN) : value);
  if ("values" in cells) return (row) => part(cells.values[row]);
  const known: number[] = [];
  return (row) => {
    const code = cells.codes[row];
    return code < 0 ? Number.NaN : (known[code] ??= part(partOfText(cells.dictionary[code], kind)));
  };
}

function partOfText(text: string, kind: Kind): number {
  const written = text.trim();
  if (kind === "quarter") return Number(/^q?([1-4])$/i.exec(written)?.[1] ?? Number.NaN);
  if (kind === "month" && /^[a-z]{3,9}\.?$/i.test(written)) return monthNumber(written) || Number.NaN;
  return /^\d+(\.\d+)?$/.test(written) ? Number(written) : Number.NaN;
}

const cellsOf = (column: Column): PartCells => (column.type === "number" ? { values: column.values } : { codes: column.codes, dictionary: column.dictionary });

/** The same of columns in memory. */
export const joinedTimesOf = (parts: readonly Column[], rows: number): Float64Array => joinedTimes(parts.map(({ name }) => name), parts.map(cellsOf), 0, rows);
