import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { jsonText } from "../../storage/json-text.ts";
import { traceKeys } from "./trace-tables.ts";
import { lastWhenNull, compareNumber, compareText, compileFilter, type Condition } from "../filter/compile-filter.ts";
import type { Key } from "../filter/key.ts";
import { parseOrder } from "../filter/order-by.ts";
import { parseFilter, type Comparison, type Operator } from "../filter/parse-filter.ts";
import { badFilter } from "../filter/bad-filter.ts";
import { compareAssessment } from "./assessment-filter.ts";

/** A trace filter as SQL over `traces`; undefined for an empty one. */
export function compileTraceFilter(db: Database, text: string | undefined): Condition | undefined {
  const filter = parseFilter(text);
  const spans = { takes: ({ key }: Comparison) => kindOf(key) === "span", compile: (comparisons: readonly Comparison[]) => compareSpan(db, comparisons) };
  return filter && compileFilter(filter, (comparison) => compareTrace(db, comparison), spans);
}

type Kind = "attribute" | "tag" | "metadata" | "span" | "feedback" | "expectation" | "issue";

const kinds: Readonly<Record<string, Kind>> = {
  attribute: "attribute",
  attributes: "attribute",
  trace: "attribute",
  tag: "tag",
  tags: "tag",
  metadata: "metadata",
  request_metadata: "metadata",
  span: "span",
  feedback: "feedback",
  expectation: "expectation",
  issue: "issue",
};

function kindOf({ prefix }: Key): Kind {
  if (prefix === undefined) return "attribute";
  // `span.attributes.` before a name in back-ticks is a prefix, too.
  const entity = prefix.toLowerCase().split(".")[0];
  if (!Object.hasOwn(kinds, entity)) throw badFilter(`Invalid entity type '${prefix}'. Valid values are ${Object.keys(kinds).join(", ")}`);
  return kinds[entity];
}

const operators: readonly Operator[] = ["=", "!=", "IN", "NOT IN", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];

const texts: Readonly<Record<string, Expression<unknown>>> = {
  request_id: sql`traces.id`,
  trace_id: sql`traces.id`,
  status: sql`upper(traces.state)`,
  state: sql`upper(traces.state)`,
  client_request_id: sql`traces.client_request_id`,
  experiment_id: sql`traces.experiment_id`,
};

const [started, duration, ended] = [sql`traces.started_at`, sql`traces.duration`, sql`(traces.started_at + coalesce(traces.duration, 0))`];
const numbers: Readonly<Record<string, Expression<unknown>>> = {
  timestamp: started,
  timestamp_ms: started,
  request_time: started,
  execution_time: duration,
  execution_time_ms: duration,
  execution_duration: duration,
  end_time: ended,
  end_time_ms: ended,
};

const validKeys = [...Object.keys(texts), ...Object.keys(numbers), "name", "run_id", "prompt", "text"].join(", ");
const invalidKey = (name: string): Error => badFilter(`Invalid attribute key '${name}' specified. Valid keys are '${validKeys}'`);

function compareTrace(db: Database, comparison: Comparison): Condition {
  const { key } = comparison;
  const kind = kindOf(key);
  if (kind === "tag" || kind === "metadata") {
    if (kind === "metadata" && key.name === traceKeys.sourceRun && comparison.operator === "=") return compareRun(db, comparison);
    return comparePair(db, kind === "tag" ? "trace_tags" : "trace_metadata", key.name, comparison);
  }
  if (kind !== "attribute") return compareAssessment(db, kind as "feedback" | "expectation" | "issue", comparison);
  const name = key.name.toLowerCase();
  if (Object.hasOwn(numbers, name)) return compareNumber(db, numbers[name], comparison, "numeric attribute");
  if (Object.hasOwn(texts, name)) return compareText(db, texts[name], comparison, operators);
  if (name === "name") return comparePair(db, "trace_tags", traceKeys.name, comparison);
  if (name === "run_id") return compareRun(db, comparison);
  if (name === "prompt") return comparePrompt(comparison);
  if (name === "text") return compareSpan(db, [{ ...comparison, key: { ...key, prefix: "span", name: "content" } }]);
  throw invalidKey(key.name);
}

/** A comparison of a tag's or a piece of metadata's value; traces that do not have it are found by IS NULL only. */
function comparePair(db: Database, table: "trace_tags" | "trace_metadata", name: string, comparison: Comparison): Condition {
  const { operator, values } = comparison;
  const at = sql.table(table);
  if (operator === "IS NULL" || operator === "IS NOT NULL") {
    return sql<SqlBool>`${sql.raw(operator === "IS NULL" ? "not " : "")}exists (select 1 from ${at} t where t.trace_id = traces.id and t.key = ${name})`;
  }
  const condition = compareText(db, sql`t.value`, comparison, operators);
  // Not correlated with the trace: the index over key and value's beginning finds the traces.
  if (operator === "=") return sql<SqlBool>`traces.id in (select t.trace_id from ${at} t where t.key = ${name} and substr(t.value, 1, 200) = substr(${values[0]}, 1, 200) and ${condition})`;
  return sql<SqlBool>`exists (select 1 from ${at} t where t.trace_id = traces.id and t.key = ${name} and ${condition})`;
}

/** The run that made a trace, or one it was linked to later. */
function compareRun(db: Database, comparison: Comparison): Condition {
  const made = comparePair(db, "trace_metadata", traceKeys.sourceRun, comparison);
  if (comparison.operator === "!=" || comparison.operator === "NOT IN") return made;
  if (comparison.operator.endsWith("NULL")) {
    const linked = sql<SqlBool>`exists (select 1 from trace_runs r where r.trace_id = traces.id)`;
    return comparison.operator === "IS NULL" ? sql<SqlBool>`(${made} and not ${linked})` : sql<SqlBool>`(${made} or ${linked})`;
  }
  return sql<SqlBool>`(${made} or traces.id in (select r.trace_id from trace_runs r where ${compareText(db, sql`r.run_id`, comparison, operators)}))`;
}

function comparePrompt({ operator, values }: Comparison): Condition {
  if (operator !== "=") throw badFilter(`Invalid comparator '${operator}' for prompts filter. Only '=' is supported with format: prompt = "name/version"`);
  const parts = String(values[0]).split("/");
  if (parts.length !== 2) throw badFilter(`Invalid prompts filter value '${values[0]}'. Expected format: prompt = "name/version"`);
  return sql<SqlBool>`exists (select 1 from trace_prompts p where p.trace_id = traces.id and p.name = ${parts[0]} and p.version = ${parts[1]})`;
}

/** All of these hold for one and the same span. */
const compareSpan = (db: Database, comparisons: readonly Comparison[]): Condition =>
  sql<SqlBool>`exists (select 1 from spans where spans.trace_id = traces.id and ${sql.join(comparisons.map((comparison) => compareOneSpan(db, comparison)), sql` and `)})`;

function compareOneSpan(db: Database, comparison: Comparison): Condition {
  const { key, operator } = comparison;
  const name = [...key.prefix!.split(".").slice(1), key.name].join(".");
  if (name === "name" || name === "type") return compareText(db, sql.ref(`spans.${name}`), comparison, operators);
  if (name === "status") return compareText(db, sql`upper(spans.status)`, comparison, operators);
  if (name === "content") {
    if (operator !== "LIKE" && operator !== "ILIKE") throw badFilter(`span.content comparator '${operator}' not one of 'LIKE, ILIKE'`);
    return sql<SqlBool>`(${compareText(db, sql`spans.name`, comparison)} or ${compareText(db, sql`spans.content`, comparison)})`;
  }
  const attribute = /^attributes\.(.+)$/s.exec(name)?.[1];
  if (attribute === undefined) throw badFilter(`Invalid span attribute '${name}'. Supported attributes: name, status, type, attributes.<attribute_name>.`);
  return compareText(db, jsonText(db, sql`spans.content`, ["attributes", attribute]), comparison, operators);
}

/** One order of a search as SQL orders; traces without the value come last. */
export function orderTraces(text: string): { readonly by: Expression<unknown>; readonly ascending: boolean }[] {
  const { key, ascending } = parseOrder(text);
  const kind = kindOf(key);
  const pair = (table: string, name: string) => lastWhenNull(sql`(select t.value from ${sql.table(table)} t where t.trace_id = traces.id and t.key = ${name})`, ascending);
  if (kind === "tag") return pair("trace_tags", key.name);
  if (kind === "metadata") return pair("trace_metadata", key.name);
  if (kind !== "attribute") throw badFilter(`Invalid order_by entity type '${key.prefix}' in '${text}'`);
  const name = key.name.toLowerCase();
  if (name === "name") return pair("trace_tags", traceKeys.name);
  if (name === "run_id") return pair("trace_metadata", traceKeys.sourceRun);
  if (!Object.hasOwn(numbers, name) && !Object.hasOwn(texts, name)) throw invalidKey(key.name);
  return lastWhenNull(numbers[name] ?? texts[name], ascending);
}

