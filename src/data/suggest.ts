import { countCodes } from "./leakage/useless-columns.ts";
import { distinctNumbers } from "./profile/sort-numbers.ts";
import { invalid } from "../errors.ts";
import type { ColumnProfile } from "./profile/profile-types.ts";
import type { Column, DatasetColumn } from "./types.ts";

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
  /** Whole numbers from 0 or 1 on without a gap, each about as frequent as the others. */
  readonly evenCodes?: boolean;
};

/** Those of a column in memory. */
export function targetFacts({ name, type, stored }: DatasetColumn, column: Column): TargetFacts {
  if (column.type === "category") return { name, type, stored, distinct: countCodes(column).distinct, whole: false };
  const counts = new Map<number, number>();
  for (const value of column.values) {
    if (Number.isNaN(value)) continue;
    counts.set(value, (counts.get(value) ?? 0) + 1);
    // So many are no classes, and a sort counts them sooner.
    if (counts.size > mostCounted) return { name, type, stored, distinct: distinctNumbers(column.values), whole: column.values.every((one) => Number.isNaN(one) || Number.isInteger(one)), evenCodes: false };
  }
  const whole = [...counts.keys()].every(Number.isInteger);
  return { name, type, stored, distinct: counts.size, whole, evenCodes: whole && areEvenCodes(counts) };
}

const mostCounted = 1000;

function areEvenCodes(counts: ReadonlyMap<number, number>): boolean {
  const values = [...counts.keys()];
  const [least, most] = [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const rarest = [...counts.values()].reduce((a, b) => Math.min(a, b), Infinity);
  const rows = [...counts.values()].reduce((a, b) => a + b, 0);
  return (least === 0 || least === 1) && most - least + 1 === values.length && rarest >= 5 && rarest * 2 * values.length >= rows;
}

/** The largest number of classes a model is offered. */
const mostClasses = 100;

/** Names of scales whose steps are in order. */
const scaleName = /(^|[_\W])(rate|rating|ratings|score|scores|stars|satisfaction|quality)([_\W]|$)/i;

/**
 * The task a target asks for:
 * - two distinct values, of any type: binary;
 * - text: multiclass, if there are at most 100 distinct values;
 * - whole numbers (as 1.0, too) with 3 to 5 distinct values, or up to 100 when the column is called class, label, category, species or digit: multiclass;
 * - whole numbers that number up to 100 classes (from 0 or 1 without a gap, all about as frequent) in a column called target, y or outcome: multiclass;
 * - all other numbers: regression. A rating or a score of four steps or more is one, too. So a score from 3 to 8 (wine quality) is a number: its order carries information that classes lose.
 *
 * @throws `data.target_unusable`: fewer than two values, more than 100 distinct texts, or points in time
 */
export function inferTask(column: TargetFacts): { task: "regression" | "binary" | "multiclass"; reason: string } {
  const { name, type, distinct, stored, whole = stored === "BIGINT", evenCodes = false } = column;
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
  if (whole && evenCodes && distinct > 5 && distinct <= mostClasses && /^(target|y|outcome|response)$/i.test(name)) {
    return { task: "multiclass", reason: `"${name}" numbers ${distinct} classes, all about as frequent` };
  }
  if (whole && ((distinct <= 5 && (distinct < 4 || !scaleName.test(name))) || (named && distinct <= mostClasses))) {
    return { task: "multiclass", reason: `"${name}" has ${distinct} distinct whole numbers${distinct > 5 ? " and the name of a class" : ""}` };
  }
  return { task: "regression", reason: `"${name}" holds numbers, ${distinct} of them distinct` };
}
