import { invalid } from "../errors.ts";
import type { Table } from "./types.ts";

const hourMs = 3_600_000;

/**
 * When each row happened, milliseconds: its point in time, plus its hour of the day where that is a column of its own.
 *
 * @throws `data.no_event_time` when the columns are not points in time and hours
 */
export function eventTimes(table: Table, time: { readonly column: string; readonly hour: string | null }): Float64Array {
  const numbers = (name: string): Float64Array => {
    const column = table.columns.find((one) => one.name === name);
    if (column?.type === "number") return column.values;
    throw invalid("data.no_event_time", `Column ${name} holds no ${name === time.hour ? "hours" : "points in time"}, so it cannot say when a row happened`, { column: name });
  };
  const days = numbers(time.column);
  if (time.hour === null) return days;
  const hours = numbers(time.hour);
  return days.map((day, row) => day + hours[row] * hourMs);
}
