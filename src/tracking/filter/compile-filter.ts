import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { anyNumber } from "../../storage/dialect.ts";
import { likeExactly, likeInAnyCase } from "../../storage/like.ts";
import { linearExpression, matchesExpression } from "../../storage/regular-expression.ts";
import { badFilter } from "./bad-filter.ts";
import type { Comparison, Filter } from "./parse-filter.ts";

export type Condition = Expression<SqlBool>;

/**
 * Turns a filter into SQL; `compile` does so for one comparison, knowing the entity's keys. Comparisons that `together` takes are about the
 * same one of many things (a span of a trace) when AND joins them: it compiles them in one piece.
 */
export function compileFilter(filter: Filter, compile: (comparison: Comparison) => Condition, together?: Together): Condition {
  if (filter.kind === "comparison") return together?.takes(filter) === true ? together.compile([filter]) : compile(filter);
  // A comparison with NULL is neither true nor false; NOT means "all the others".
  if (filter.kind === "not") return sql<SqlBool>`not coalesce(${compileFilter(filter.part, compile, together)}, false)`;
  const taken = filter.kind === "and" && together ? filter.parts.filter((part) => part.kind === "comparison" && together.takes(part)) : [];
  const parts = filter.parts.filter((part) => !taken.includes(part)).map((part) => compileFilter(part, compile, together));
  if (taken.length > 0) parts.push(together!.compile(taken as Comparison[]));
  return sql<SqlBool>`(${sql.join(parts, filter.kind === "and" ? sql` and ` : sql` or `)})`;
}

export interface Together {
  readonly takes: (comparison: Comparison) => boolean;
  readonly compile: (comparisons: readonly Comparison[]) => Condition;
}

const numeric = ["=", "!=", "<", "<=", ">", ">="];
const textual = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"];

/** A comparison of a number column; `what` names the key's kind in errors. */
export function compareNumber(db: Database, column: Expression<unknown>, { key, operator, values }: Comparison, what: string): Condition {
  if (operator === "IN" || operator === "NOT IN") return compareList(column, operator, values.map((value) => anyNumber(db, numberOf(value, key.text, what))));
  if (operator === "IS NULL" || operator === "IS NOT NULL") return isNull(column, operator);
  if (!numeric.includes(operator)) throw invalidComparator(operator, numeric);
  return sql<SqlBool>`${column} ${sql.raw(operator)} ${anyNumber(db, numberOf(values[0], key.text, what))}`;
}

/**
 * A comparison of a metric, kept in two columns (`../metric-value.ts`). NaN is no number: nothing equals it, and it is neither less nor more than
 * anything, so only `!=` and NOT IN find it, as IEEE 754 has it and MLflow's runs since 3.17.
 */
export function compareMetric(db: Database, columns: { readonly value: Expression<unknown>; readonly kind: Expression<unknown> }, comparison: Comparison): Condition {
  const { operator } = comparison;
  if (!numeric.includes(operator) && operator !== "IN" && operator !== "NOT IN") throw invalidComparator(operator, numeric);
  const condition = compareNumber(db, columns.value, comparison, "metric");
  return operator === "!=" || operator === "NOT IN" ? sql<SqlBool>`(${columns.kind} = 2 or ${condition})` : sql<SqlBool>`(${columns.kind} <> 2 and ${condition})`;
}

/** A comparison of a text column; numbers must be in quotes, as MLflow has it. */
export function compareText(db: Database, column: Expression<unknown>, { key, operator, values }: Comparison, allowed: readonly string[] = textual): Condition {
  if (!allowed.includes(operator)) throw invalidComparator(operator, allowed);
  if (operator === "IS NULL" || operator === "IS NOT NULL") return isNull(column, operator);
  const texts = values.map((value) => {
    if (typeof value !== "string") throw badFilter(`Expected a quoted string value for ${key.text} (e.g. 'my-value'). Got value ${value}`);
    return value;
  });
  if (operator === "IN" || operator === "NOT IN") return compareList(column, operator, texts);
  if (operator === "LIKE") return likeExactly(db, column, texts[0]);
  if (operator === "RLIKE") return matchesExpression(db, column, checkedPattern(texts[0]));
  if (operator === "ILIKE") return likeInAnyCase(db, column, texts[0]);
  return sql<SqlBool>`${column} ${sql.raw(operator)} ${texts[0]}`;
}

/**
 * A comparison of the value that a thing has under the key's name, in a table of keys and values. `rows` are those of the thing, called `t`, as in
 * `params t where t.run_id = runs.id`; IS NULL finds the things without the key, every other comparison only things that have it.
 */
export function compareNamed(db: Database, rows: Expression<unknown>, comparison: Comparison): Condition {
  const { key, operator } = comparison;
  const one = (condition: Condition) => sql<SqlBool>`exists (select 1 from ${rows} and t.key = ${key.name} and ${condition})`;
  if (operator === "IS NULL") return sql<SqlBool>`not ${one(sql<SqlBool>`true`)}`;
  return one(operator === "IS NOT NULL" ? sql<SqlBool>`true` : compareText(db, sql`t.value`, comparison));
}

/** Orders that put what has no value last, whichever way the others go. */
export const lastWhenNull = (by: Expression<unknown>, ascending: boolean): { readonly by: Expression<unknown>; readonly ascending: boolean }[] => [
  { by: sql`case when ${by} is null then 1 else 0 end`, ascending: true },
  { by, ascending },
];

const longestPattern = 500;

function checkedPattern(pattern: string): string {
  if (pattern.length > longestPattern) throw badFilter(`A regular expression has at most ${longestPattern} characters, this one has ${pattern.length}`);
  try {
    linearExpression(pattern);
    return pattern;
  } catch (error) {
    throw badFilter(`${JSON.stringify(pattern)} is not a regular expression: ${(error as Error).message}`);
  }
}

const compareList = (column: Expression<unknown>, operator: "IN" | "NOT IN", values: readonly (string | Expression<number>)[]): Condition =>
  sql<SqlBool>`${column} ${sql.raw(operator)} (${sql.join(values)})`;

const isNull = (column: Expression<unknown>, operator: "IS NULL" | "IS NOT NULL"): Condition => sql<SqlBool>`${column} ${sql.raw(operator)}`;

export const invalidComparator = (operator: string, allowed: readonly string[]): Error =>
  badFilter(`Invalid comparator '${operator}' not one of '${allowed.join(", ")}'`);

function numberOf(value: unknown, key: string, what: string): number {
  if (typeof value === "number") return value;
  throw badFilter(`Expected numeric value type for ${what}${what.includes("attribute") ? `: ${key}` : ""}. Found ${JSON.stringify(value)}`);
}
