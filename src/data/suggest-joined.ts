import { joinedColumn, joinedTimesOf } from "./columns/joined-date.ts";
import { birthName } from "./suggest-time.ts";
import type { Column, DatasetColumn, Table } from "./types.ts";

/** What the parts of a date are called, from the year down. */
const partNames: readonly RegExp[] = [
  /^(year|yr|yyyy|jahr|annee|année|año|anno)$/i,
  /^(month|mon|mnth|mm|monat|mois|mes|mese|quarter|qtr|q)$/i,
  /^(day|dd|mday|dom|day_of_month|tag|jour|dia|día|giorno)$/i,
  /^(hour|hr|hh|stunde|heure|hora|ora)$/i,
  /^(minute|min|mi)$/i,
];

/** Rows that may be no date in a column that is proposed. */
const mostMisfits = 0.05;

/**
 * A date that stands in columns of its own: a year and a month or quarter, then day, hour and minute as far as there are columns of these names, if nearly every
 * row has one, and not all the same. Nothing where a column holds points in time already.
 */
export function suggestJoined(table: Table, columns: readonly DatasetColumn[], target: string): DatasetColumn | undefined {
  if (columns.some(({ name, type }) => type === "timestamp" && !birthName.test(name))) return undefined;
  const parts: Column[] = [];
  for (const named of partNames) {
    const part = table.columns.find(({ name }) => name !== target && named.test(name));
    if (!part) break;
    const times = parts.length === 0 ? undefined : joinedTimesOf([...parts, part], table.rows);
    // A column of that name may hold something else: the hour of a survey, a day of the week.
    if (times && !isMostly(times)) break;
    parts.push(part);
    if (/^q/i.test(part.name)) break;
  }
  if (parts.length < 2 || new Set(joinedTimesOf(parts, table.rows).filter((time) => !Number.isNaN(time))).size < 2) return undefined;
  const names = columns.map(({ name }) => name);
  const name = (parts.length > 3 ? ["time", "row_time"] : ["date", "row_date"]).find((free) => !names.includes(free));
  return name === undefined ? undefined : joinedColumn(name, parts.map((part) => part.name), columns);
}

const isMostly = (times: Float64Array): boolean => times.reduce((count, time) => count + (Number.isNaN(time) ? 1 : 0), 0) <= mostMisfits * times.length;
