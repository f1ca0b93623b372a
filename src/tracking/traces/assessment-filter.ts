import { sql, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { traceKeys } from "./trace-tables.ts";
import { compareText, invalidComparator, type Condition } from "../filter/compile-filter.ts";
import type { Comparison, Operator } from "../filter/parse-filter.ts";
import { badFilter } from "../filter/bad-filter.ts";

const operators: readonly Operator[] = ["=", "!=", "IN", "NOT IN", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];

/**
 * `feedback.<name>` and `expectation.<name>` compare the value of a valid assessment of that name; what is said of a session counts for all
 * of its traces. `issue.id` is the issue a trace belongs to.
 */
export function compareAssessment(db: Database, kind: "feedback" | "expectation" | "issue", comparison: Comparison): Condition {
  const { key, operator } = comparison;
  if (kind === "issue") {
    if (key.name !== "id") throw badFilter(`Invalid issue attribute '${key.name}'. Supported attributes: id`);
    if (operator !== "=") throw invalidComparator(operator, ["="]);
    return assessed("issue", compareText(db, sql`a.name`, comparison));
  }
  const ofName = sql<SqlBool>`a.name = ${key.name} and substr(a.name, 1, 200) = ${key.name.slice(0, 200)} and a.valid = 1`;
  if (operator === "IS NULL") return sql<SqlBool>`not ${assessed(kind, ofName)}`;
  if (operator === "IS NOT NULL") return assessed(kind, ofName);
  return assessed(kind, sql<SqlBool>`${ofName} and ${compareText(db, sql`a.value_text`, asJsonWrites(comparison), operators)}`);
}

/** Python says 5.0 where our JSON says 5: a number is compared as our JSON writes it. */
const asJsonWrites = (comparison: Comparison): Comparison => ({
  ...comparison,
  values: comparison.operator.endsWith("LIKE") ? comparison.values : comparison.values.map((value) => (typeof value === "string" && /^-?\d+\.0+$/.test(value) ? String(Number(value)) : value)),
});

/** The traces with such an assessment (`a`), and those in a session with one that was made for it all. */
const assessed = (kind: string, condition: Condition): Condition => sql<SqlBool>`(
  traces.id in (select a.trace_id from assessments a where a.kind = ${kind} and ${condition})
  or traces.id in (
    select others.trace_id from assessments a
    join trace_metadata own on own.trace_id = a.trace_id and own.key = ${traceKeys.session}
    join trace_metadata others on others.key = ${traceKeys.session} and others.value = own.value
    where a.of_session = 1 and a.kind = ${kind} and ${condition}))`;
