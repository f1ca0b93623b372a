import { sql, type Expression, type RawBuilder, type SqlBool } from "kysely";
import { invalid } from "../../errors.ts";
import type { Database } from "../../storage/database.ts";
import { traceKeys } from "./trace-tables.ts";
import { costKeys, tokenKeys } from "./usage.ts";

/** What is counted: one row for each trace, each span, each assessment. */
export type MetricView = "traces" | "spans" | "assessments";

export type Aggregation = { readonly kind: "count" | "sum" | "avg" | "min" | "max" } | { readonly kind: "percentile"; readonly percent: number };

export interface MetricQuery {
  readonly experimentIds: readonly string[];
  readonly view: MetricView;
  readonly metric: string;
  readonly aggregations: readonly Aggregation[];
  readonly dimensions: readonly string[];
  /** SQL over `traces` and, in their views, `spans` and `assessments`. */
  readonly conditions: readonly Expression<SqlBool>[];
  /** Milliseconds of a time bucket, which then is the first dimension. */
  readonly bucket: number | undefined;
  /** Of the traces' beginnings, both included. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly limit: number;
}

export interface MetricRow {
  /** As the query names them, the bucket's beginning (milliseconds) before them. */
  readonly dimensions: readonly (string | number)[];
  /** One for each aggregation; null where there was nothing to aggregate. */
  readonly values: readonly (number | null)[];
}

interface View {
  readonly from: RawBuilder<unknown>;
  readonly time: RawBuilder<unknown>;
  readonly metrics: Readonly<Record<string, RawBuilder<unknown>>>;
  readonly dimensions: Readonly<Record<string, RawBuilder<unknown>>>;
}

const summed = (span: RawBuilder<unknown>, keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, sql`(select m.value from trace_metrics m where m.trace_id = traces.id and m.span_id = ${span} and m.key = ${key})`]));

const one = sql`1`;

const views: Readonly<Record<MetricView, View>> = {
  traces: {
    from: sql`traces`,
    time: sql`traces.started_at`,
    metrics: { trace_count: one, latency: sql`traces.duration`, ...summed(sql`''`, tokenKeys) },
    dimensions: {
      trace_name: sql`(select t.value from trace_tags t where t.trace_id = traces.id and t.key = ${traceKeys.name})`,
      trace_status: sql`upper(traces.state)`,
    },
  },
  spans: {
    from: sql`traces join spans on spans.trace_id = traces.id`,
    time: sql`spans.started_ms`,
    metrics: {
      span_count: one,
      // Whole milliseconds, as the nanoseconds have it.
      latency: sql`spans.ended_ms - spans.started_ms - case when spans.ended_ns < spans.started_ns then 1 else 0 end`,
      ...summed(sql`spans.span_id`, costKeys),
    },
    dimensions: { span_name: sql`spans.name`, span_type: sql`spans.type`, span_status: sql`upper(spans.status)`, span_model_name: sql`spans.model`, span_model_provider: sql`spans.provider` },
  },
  assessments: {
    from: sql`traces join assessments on assessments.trace_id = traces.id`,
    time: sql`assessments.created_at`,
    metrics: { assessment_count: one, assessment_value: sql`assessments.value_number` },
    dimensions: { assessment_name: sql`assessments.name`, assessment_value: sql`assessments.value` },
  },
};

/**
 * Aggregates over traces, their spans or their assessments, grouped by dimensions and ordered by them; rows without a dimension are left out.
 * Throws `tracking.bad_trace_metric` for names that the view does not have, and for a sum of what can only be counted.
 */
export async function queryTraceMetrics(db: Database, query: MetricQuery): Promise<MetricRow[]> {
  const view = views[query.view];
  const value = named(view.metrics, query.metric, "metric_name");
  const countOnly = value === one;
  for (const { kind } of query.aggregations) {
    if (countOnly && kind !== "count") throw invalid("tracking.bad_trace_metric", `Found invalid aggregation_type(s): ['${kind.toUpperCase()}']. Supported aggregation types: ['COUNT']`);
  }
  const dimensions = [
    ...(query.bucket === undefined ? [] : [sql`${view.time} / cast(${query.bucket} as bigint) * cast(${query.bucket} as bigint)`]),
    ...query.dimensions.map((name) => named(view.dimensions, name, "dimension")),
  ];
  const names = dimensions.map((_, index) => sql.raw(`d${index}`));
  const where = [
    sql`traces.experiment_id in (${sql.join(query.experimentIds)})`,
    ...(query.from === undefined ? [] : [sql`traces.started_at >= ${query.from}`]),
    ...(query.to === undefined ? [] : [sql`traces.started_at <= ${query.to}`]),
    ...query.conditions,
  ];
  const columns = [...dimensions.map((dimension, index) => sql`${dimension} as ${names[index]}`), sql`${value} as value`];
  const rows = sql`select ${sql.join(columns)} from ${view.from} where ${sql.join(where, sql` and `)}`;
  const kept = sql`value is not null${sql.join(names.map((name) => sql` and ${name} is not null`), sql``)}`;
  const partition = names.length === 0 ? sql`` : sql`partition by ${sql.join(names)}`;
  const ranks = query.aggregations.some(({ kind }) => kind === "percentile")
    ? sql`, row_number() over (${partition} order by value) - 1 as place, count(*) over (${partition}) as many`
    : sql``;
  const found = query.aggregations.map((aggregation, index) => sql`${aggregate(aggregation)} as ${sql.raw(`v${index}`)}`);
  const grouped = names.length === 0 ? sql`` : sql`group by ${sql.join(names)} order by ${sql.join(names)}`;
  const result = await sql<Record<string, string | number | null>>`
    select ${sql.join([...names, ...found])} from (select found.*${ranks} from (${rows}) found where ${kept}) ranked ${grouped} limit ${query.limit}`.execute(db);
  return result.rows.map((row) => ({
    dimensions: dimensions.map((_, index) => row[`d${index}`]!),
    values: query.aggregations.map((_, index) => (row[`v${index}`] === null ? null : Number(row[`v${index}`]))),
  }));
}

function named(known: Readonly<Record<string, RawBuilder<unknown>>>, name: string, what: string): RawBuilder<unknown> {
  if (Object.hasOwn(known, name)) return known[name];
  const names = Object.keys(known).map((one) => `'${one}'`).join(", ");
  throw invalid("tracking.bad_trace_metric", what === "metric_name" ? `metric_name must be one of [${names}], got '${name}'` : `Found invalid dimension(s): ['${name}']. Supported dimensions: [${names}]`);
}

function aggregate(aggregation: Aggregation): RawBuilder<unknown> {
  if (aggregation.kind === "count") return sql`count(*)`;
  if (aggregation.kind !== "percentile") return sql`${sql.raw(aggregation.kind)}(value)`;
  // Linear between the two values around the place p (n-1) of the sorted ones, R's type 7: each weighs 1 minus its distance.
  const distance = sql`abs(place - cast(${aggregation.percent / 100} as double precision) * (many - 1))`;
  return sql`sum(case when ${distance} < 1 then value * (1 - ${distance}) end)`;
}
