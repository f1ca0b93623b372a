import { invalid } from "../errors.ts";
import { isYears } from "./leakage/useless-columns.ts";
import type { ColumnProfile } from "./profile/profile-types.ts";
import type { Column, DatasetColumn, Table } from "./types.ts";

export interface Suggestion {
  readonly column: string;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** Names under which tables keep their target, the surest first. */
const targetNames: readonly string[] =
  "target label class y outcome response cnt count churn churned survived default income price median_house_value medv quality salary sales demand revenue tips rating score".split(" ");

/** The first of the usual names that a column bears (in any case), else the last column that is no point in time. */
export function suggestTarget(columns: readonly DatasetColumn[]): Suggestion {
  const possible = columns.filter(({ type }) => type !== "timestamp");
  const last = possible[possible.length - 1];
  if (last === undefined) throw invalid("data.target_unusable", "The table has no column but points in time, so there is nothing to predict.");
  for (const usual of targetNames) {
    const named = possible.find(({ name }) => name.toLowerCase() === usual);
    if (named !== undefined) return { column: named.name, reason: `"${named.name}" is a usual name for a target` };
  }
  return { column: last.name, reason: `"${last.name}" is the last column` };
}

/** What decides the task that a target asks for. */
export type TargetFacts = Pick<ColumnProfile, "name" | "type" | "distinct" | "stored"> & {
  /** Numbers: every one is whole, though they may be stored as 1.0, as they are beside gaps. */
  readonly whole?: boolean;
};

/** Those of a column in memory. */
export function targetFacts({ name, type, stored }: DatasetColumn, column: Column): TargetFacts {
  const distinct = column.type === "number" ? new Set(column.values.filter((value) => !Number.isNaN(value))).size : new Set(column.codes.filter((code) => code >= 0)).size;
  return { name, type, stored, distinct, whole: column.type === "number" && column.values.every((value) => Number.isNaN(value) || Number.isInteger(value)) };
}

/** The largest number of classes a model is offered. */
const mostClasses = 100;

/**
 * The task a target asks for:
 * - two distinct values, of any type: binary;
 * - text: multiclass, if there are at most 100 distinct values;
 * - whole numbers (as 1.0, too) with 3 to 5 distinct values, or up to 100 when the column is called class, label, category, species or digit: multiclass;
 * - all other numbers: regression. So a score from 3 to 8 (wine quality) is a number: its order carries information that classes lose.
 *
 * @throws `data.target_unusable`: fewer than two values, more than 100 distinct texts, or points in time
 */
export function inferTask(column: TargetFacts): { task: "regression" | "binary" | "multiclass"; reason: string } {
  const { name, type, distinct, stored, whole = stored === "BIGINT" } = column;
  const unusable = (what: string): Error => invalid("data.target_unusable", `"${name}" cannot be a target: ${what}.`, { column: name, distinct });
  if (type === "timestamp") throw unusable("it holds points in time");
  if (distinct === 0) throw unusable("it has no value in any row");
  if (distinct === 1) throw unusable("it has the same value in every row that has one");
  if (distinct === 2) return { task: "binary", reason: `"${name}" has two distinct values` };
  if (type === "category") {
    if (distinct > mostClasses) throw unusable(`it holds ${distinct} distinct texts, and at most ${mostClasses} can be told apart as classes`);
    return { task: "multiclass", reason: `"${name}" has ${distinct} distinct texts` };
  }
  const named = /(^|_)(class|label|category|species|digit)$/i.test(name);
  if (whole && (distinct <= 5 || (named && distinct <= mostClasses))) {
    return { task: "multiclass", reason: `"${name}" has ${distinct} distinct whole numbers${distinct > 5 ? " and the name of a class" : ""}` };
  }
  return { task: "regression", reason: `"${name}" holds numbers, ${distinct} of them distinct` };
}

/** Rows count as in order of time when at least this share of neighbours is. */
const nearlySorted = 0.95;

/** Dates of a life, which do not say when a row was. */
const birthName = /(^|[_\W\d])(birth\w*|born|dob|geb\w*|death|died|founded|established)([_\W\d]|$)|(birth|Birth)(Date|date|day|Day)/i;

/**
 * The column that tells when a row was: a date or timestamp column with at least two values and at most 5 % missing. Of several, the first
 * in whose order the rows (nearly) are, else the first. The order of the rows does not matter for a single one, because what splits by
 * time sorts by it. A whole-number column called timestamp, time or epoch that holds seconds or milliseconds since 1970 counts only if the
 * rows are in its order; otherwise it is a feature like any other. The same holds for years in whole numbers. A date of birth is none. Nothing when there is no such column.
 */
export function suggestTimeColumn(table: Table, columns: readonly DatasetColumn[]): Suggestion | undefined {
  const found = columns.flatMap((column) => {
    const read = table.columns.find(({ name }) => name === column.name);
    if (read?.type !== "number" || !isEligible(read.values)) return [];
    const ordered = shareInOrder(read.values);
    if (column.type === "timestamp") return birthName.test(column.name) ? [] : [{ column, ordered }];
    return ordered >= nearlySorted && (isEpoch(column, read.values) || (column.stored === "BIGINT" && isYears(read))) ? [{ column, ordered }] : [];
  });
  const best = found.find(({ ordered }) => ordered >= nearlySorted) ?? found[0];
  if (best === undefined) return undefined;
  const order = best.ordered >= nearlySorted ? "and the rows are in its order" : "though the rows are not in its order";
  return { column: best.column.name, reason: `"${best.column.name}" holds ${best.column.type === "number" && !isEpochName.test(best.column.name) ? "years" : best.column.stored === "DATE" ? "dates" : "times"} ${order}` };
}

function isEligible(values: Float64Array): boolean {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.length >= 0.95 * values.length && present.some((value) => value !== present[0]);
}

function shareInOrder(values: Float64Array): number {
  let [inOrder, pairs, before] = [0, 0, NaN];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (!Number.isNaN(before)) {
      pairs += 1;
      if (value >= before) inOrder += 1;
    }
    before = value;
  }
  return inOrder / pairs;
}

const isEpochName = /(^|_)(timestamp|time|epoch|ts)$/i;

/** Seconds or milliseconds between 1990 and 2100. */
function isEpoch({ name, stored }: DatasetColumn, values: Float64Array): boolean {
  if (stored !== "BIGINT" || !isEpochName.test(name)) return false;
  const within = (unit: number): boolean => values.every((value) => Number.isNaN(value) || (value * unit > 631e9 && value * unit < 4102e9));
  return within(1) || within(1000);
}
