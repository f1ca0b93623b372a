import type { Column, NumberColumn } from "../data/types.ts";
import type { FeatureSpec, ModelColumn, TimePart } from "./types.ts";

export const dayMs = 86_400_000;
export const hourMs = 3_600_000;

const parts: readonly TimePart[] = ["year", "month", "weekday", "hour"];
/** Points in time are told from each other pair by pair; of many columns only the first. */
const mostPairs = 10;

/**
 * The columns that an algorithm sees of the features: numbers and categories as they are; of a point in time the year, the month (1 to 12), the weekday
 * (0 is Monday) and the hour (UTC), as far as they vary in the training data and no other feature says the same, and the days since each other point in
 * time of the row. A point in time of which nothing is left has no column.
 */
export function modelColumns(features: readonly FeatureSpec[], data: readonly Column[]): ModelColumn[] {
  const taken = new Set(features.map(({ name }) => name));
  const named = (name: string): string => {
    let free = name;
    while (taken.has(free)) free += "'";
    taken.add(free);
    return free;
  };
  const times = features.flatMap(({ name, type }, index) => (type === "timestamp" ? [{ name, values: (data[index] as NumberColumn).values }] : []));
  const others = data.filter((_, index) => features[index].type !== "timestamp");
  const columns = features.flatMap(({ name, type }, index): ModelColumn[] => {
    if (type !== "timestamp") return [{ name, type }];
    const { values } = data[index] as NumberColumn;
    const varying = parts.filter((part) => varies(values, (time) => partOf(time, part)) && !others.some((other) => saysTheSame(other, values, part)));
    const kept = varying.length > 0 || features.length > 1 ? varying : parts.slice(0, 1);
    return kept.map((part) => ({ name: named(`${name} (${part})`), type: "number", from: { feature: name, part } }));
  });
  const pairs = times.flatMap((one, index) => times.slice(index + 1).map((other) => ({ one, other })));
  for (const { one, other } of pairs.slice(0, mostPairs)) {
    columns.push({ name: named(`days from ${one.name} to ${other.name}`), type: "number", from: { feature: other.name, since: one.name } });
  }
  return columns;
}

/** Whether each value of a column goes with one value of a part of the time, and the other way round: `yr` 0 and 1 with the years 2011 and 2012. */
function saysTheSame(column: Column, times: Float64Array, part: TimePart): boolean {
  const partOfValue = new Map<number, number>();
  const valueOfPart = new Map<number, number>();
  const raw = column.type === "number" ? column.values : column.codes;
  for (let row = 0; row < times.length; row++) {
    const [value, one] = [raw[row], partOf(times[row], part)];
    if (Number.isNaN(one) && Number.isNaN(value)) continue;
    if ((partOfValue.get(value) ?? one) !== one || (valueOfPart.get(one) ?? value) !== value) return false;
    partOfValue.set(value, one);
    valueOfPart.set(one, value);
  }
  return true;
}

function varies(values: Float64Array, of: (time: number) => number): boolean {
  let first = NaN;
  for (const time of values) {
    const value = of(time);
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(first)) first = value;
    else if (value !== first) return true;
  }
  return false;
}

/** The values of the columns that an algorithm sees, from those of the features. */
export function expandColumns(columns: readonly ModelColumn[], data: ReadonlyMap<string, Column>): Column[] {
  return columns.map(({ name, from, offset }): Column => {
    if (!from) {
      const column = data.get(name)!;
      return offset === undefined || column.type !== "number" ? column : { ...column, values: column.values.map((value) => value - offset) };
    }
    const { values } = data.get(from.feature) as NumberColumn;
    if ("part" in from) return { name, type: "number", values: values.map((time) => partOf(time, from.part)) };
    const others = (data.get(from.since) as NumberColumn).values;
    return { name, type: "number", values: values.map((time, row) => (time - others[row]) / dayMs) };
  });
}

/** A part of an instant in milliseconds since 1970, UTC; NaN of NaN. */
export function partOf(time: number, part: TimePart): number {
  const days = Math.floor(time / dayMs);
  if (part === "weekday") return modulo(days + 3, 7);
  if (part === "hour") return modulo(Math.floor(time / hourMs), 24);
  const { year, month } = civil(days);
  return part === "year" ? year : month;
}

export const modulo = (value: number, by: number): number => value - by * Math.floor(value / by);

/** Year and month of a day since 1970-01-01 in the Gregorian calendar; Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. */
function civil(days: number): { year: number; month: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // Months count from March.
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const wraps = Math.floor(shiftedMonth / 10);
  return { year: yearOfEra + era * 400 + wraps, month: shiftedMonth + 3 - 12 * wraps };
}
