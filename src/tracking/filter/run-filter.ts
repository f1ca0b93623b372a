import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../../storage/database.ts";
import { badFilter } from "./bad-filter.ts";
import { compareMetric, compareNamed, compareNumber, compareText, compileFilter, lastWhenNull, type Condition } from "./compile-filter.ts";
import { own, type Key } from "./key.ts";
import { parseOrder } from "./order-by.ts";
import { parseFilter, type Comparison } from "./parse-filter.ts";

/** A run filter's text as a condition over `runs`; undefined for an empty one. Throws `tracking.bad_filter`. */
export function runFilter(db: Database, text: string | undefined): Condition | undefined {
  const filter = parseFilter(text);
  return filter && compileFilter(filter, (comparison) => compareRun(db, comparison));
}

/** The same filter for who walks over runs in an order of his own and stops early. */
export interface WalkedFilter {
  /** Asks for each run's metrics, one look each, instead of finding all runs that have them first. */
  readonly condition: Condition;
  /** Statements that find at least as many rows as there are runs to find, each quickly. */
  readonly bounds: readonly Expression<unknown>[];
}

/** A run filter's text for walking; undefined for an empty one. */
export function walkedFilter(db: Database, text: string | undefined): WalkedFilter | undefined {
  const filter = parseFilter(text);
  if (!filter) return undefined;
  const all = filter.kind === "and" ? filter.parts : [filter];
  const bounds = all.flatMap((part) => (part.kind === "comparison" && comparesMetric(part) ? [metricsWith(db, part)] : []));
  const condition = compileFilter(filter, (comparison) =>
    comparesMetric(comparison) ? sql<SqlBool>`exists (${metricsWith(db, comparison)} and run_id = runs.id)` : compareRun(db, comparison),
  );
  return { condition, bounds };
}

const comparesMetric = ({ key, operator }: Comparison): boolean => kindOf(key) === "metric" && operator !== "IS NULL" && operator !== "IS NOT NULL";

/** The latest metrics that a comparison finds. */
function metricsWith(db: Database, comparison: Comparison): Expression<unknown> {
  return sql`select run_id from latest_metrics where key = ${comparison.key.name} and ${compareMetric(db, { value: sql`value`, kind: sql`kind` }, comparison)}`;
}

/** What a key of a run's filter is about. */
const kinds: Readonly<Record<string, "metric" | "param" | "tag" | "attribute" | "dataset">> = {
  metric: "metric",
  metrics: "metric",
  param: "param",
  params: "param",
  parameter: "param",
  parameters: "param",
  tag: "tag",
  tags: "tag",
  attribute: "attribute",
  attributes: "attribute",
  attr: "attribute",
  run: "attribute",
  dataset: "dataset",
  datasets: "dataset",
};

function kindOf(key: Key): "metric" | "param" | "tag" | "attribute" | "dataset" {
  if (key.prefix === undefined) return "attribute";
  const kind = own(kinds, key.prefix.toLowerCase());
  if (kind === undefined) throw badFilter(`Invalid entity type '${key.prefix}'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']`);
  return kind;
}

const texts: Readonly<Record<string, Expression<unknown>>> = {
  run_id: sql`runs.id`,
  run_name: sql`runs.name`,
  user_id: sql`runs.user_id`,
  status: sql`upper(runs.status)`,
  artifact_uri: sql`runs.artifact_uri`,
};
const numbers: Readonly<Record<string, Expression<unknown>>> = { start_time: sql`runs.started_at`, end_time: sql`runs.ended_at` };

/** Other names of attributes. */
const aliases: Readonly<Record<string, string>> = { created: "start_time", "run name": "run_name", name: "run_name", user: "user_id", run_uuid: "run_id", id: "run_id" };

function attribute(name: string): string {
  const known = own(aliases, name.toLowerCase()) ?? name;
  if (own(texts, known) ?? own(numbers, known)) return known;
  throw badFilter(`Invalid attribute key '${name}' specified. Valid keys are '${[...Object.keys(texts), ...Object.keys(numbers)].join(", ")}'`);
}

function compareRun(db: Database, comparison: Comparison): Condition {
  const { key, operator } = comparison;
  const kind = kindOf(key);
  if (kind === "attribute") {
    const name = attribute(key.name);
    return name in numbers ? compareNumber(db, numbers[name], comparison, "numeric attribute") : compareText(db, texts[name], comparison);
  }
  if (kind === "dataset") {
    if (!["name", "digest", "context"].includes(key.name)) throw badFilter(`Invalid dataset key '${key.name}' specified. Valid keys are 'name, digest, context'`);
    const condition = compareText(db, sql.ref(`run_datasets.${key.name}`), comparison);
    return sql<SqlBool>`exists (select 1 from run_datasets where run_datasets.run_id = runs.id and ${condition})`;
  }
  const absent = operator === "IS NULL";
  if (kind === "metric") {
    if (absent || operator === "IS NOT NULL") return sql<SqlBool>`${sql.raw(absent ? "not " : "")}exists (${metric(key.name, sql`1`)})`;
    // Not correlated with the run: the index over key and value finds the runs.
    return sql<SqlBool>`runs.id in (${metricsWith(db, comparison)})`;
  }
  const table = sql.raw(kind === "param" ? "params" : "run_tags");
  return compareNamed(db, sql`${table} t where t.run_id = runs.id`, comparison);
}

const metric = (key: string, what: Expression<unknown>): Expression<unknown> => sql`select ${what} from latest_metrics m where m.run_id = runs.id and m.key = ${key}`;

/** What runs are sorted by, as SQL. */
export interface RunOrder {
  readonly by: Expression<unknown>;
  readonly ascending: boolean;
}

/** `metrics.rmse DESC` as orders over `runs`: those without the value come last, and before them those whose metric is NaN. */
export function runOrders(text: string): RunOrder[] {
  const { key, ascending } = parseOrder(text);
  if (kindOf(key) === "dataset") throw badFilter(`Invalid order_by entity type 'dataset' in '${text}'`);
  return ordersBy(key, ascending);
}

/** The metric of an order by a metric; undefined for other orders. */
export function metricOrder(text: string): { readonly key: string; readonly ascending: boolean } | undefined {
  const { key, ascending } = parseOrder(text);
  return kindOf(key) === "metric" ? { key: key.name, ascending } : undefined;
}

/** The same for a key that is known already. */
export function ordersBy(key: Key, ascending: boolean): RunOrder[] {
  const kind = kindOf(key);
  if (kind === "attribute") {
    const name = attribute(key.name);
    return lastWhenNull(texts[name] ?? numbers[name], ascending);
  }
  if (kind === "metric") {
    const rank = metric(key.name, sql`case when m.kind = 2 then 1 else 0 end`);
    return [{ by: sql`coalesce((${rank}), 2)`, ascending: true }, { by: sql`(${metric(key.name, sql`m.value`)})`, ascending }];
  }
  const table = sql.raw(kind === "param" ? "params" : "run_tags");
  return lastWhenNull(sql`(select t.value from ${table} t where t.run_id = runs.id and t.key = ${key.name})`, ascending);
}
