import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { likeExactly } from "../../storage/like.ts";
import { badFilter } from "./bad-filter.ts";
import type { Comparison, Filter } from "./parse-filter.ts";

export type Condition = Expression<SqlBool>;

/** Turns a filter into SQL; `compile` does so for one comparison, knowing the entity's keys. */
export function compileFilter(filter: Filter, compile: (comparison: Comparison) => Condition): Condition {
  if (filter.kind === "comparison") return compile(filter);
  // A comparison with NULL is neither true nor false; NOT means "all the others".
  if (filter.kind === "not") return sql<SqlBool>`not coalesce(${compileFilter(filter.part, compile)}, false)`;
  const parts = filter.parts.map((part) => compileFilter(part, compile));
  return sql<SqlBool>`(${sql.join(parts, filter.kind === "and" ? sql` and ` : sql` or `)})`;
}

const numeric = ["=", "!=", "<", "<=", ">", ">="];
const textual = ["=", "!=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"];

/** A comparison of a number column; `what` names the key's kind in errors. */
export function compareNumber(column: Expression<unknown>, { key, operator, values }: Comparison, what: string): Condition {
  if (operator === "IN" || operator === "NOT IN") return compareList(column, operator, values.map((value) => numberOf(value, key.text, what)));
  if (operator === "IS NULL" || operator === "IS NOT NULL") return isNull(column, operator);
  if (!numeric.includes(operator)) throw invalidComparator(operator, numeric);
  return sql<SqlBool>`${column} ${sql.raw(operator)} ${numberOf(values[0], key.text, what)}`;
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
  if (operator === "ILIKE") return sql<SqlBool>`lower(${column}) like lower(${texts[0]})`;
  return sql<SqlBool>`${column} ${sql.raw(operator)} ${texts[0]}`;
}

const compareList = (column: Expression<unknown>, operator: "IN" | "NOT IN", values: readonly (string | number)[]): Condition =>
  sql<SqlBool>`${column} ${sql.raw(operator)} (${sql.join(values)})`;

const isNull = (column: Expression<unknown>, operator: "IS NULL" | "IS NOT NULL"): Condition => sql<SqlBool>`${column} ${sql.raw(operator)}`;

export const invalidComparator = (operator: string, allowed: readonly string[]): Error =>
  badFilter(`Invalid comparator '${operator}' not one of '${allowed.join(", ")}'`);

function numberOf(value: unknown, key: string, what: string): number {
  if (typeof value === "number") return value;
  throw badFilter(`Expected numeric value type for ${what}${what.includes("attribute") ? `: ${key}` : ""}. Found ${JSON.stringify(value)}`);
}
