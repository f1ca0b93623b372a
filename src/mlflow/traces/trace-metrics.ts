import { sql, type Expression } from "kysely";
import type { Database } from "../../storage/database.ts";
import { queryTraceMetrics, type Aggregation, type MetricView } from "../../tracking/traces/trace-metrics.ts";
import { compareText, type Condition } from "../../tracking/filter/compile-filter.ts";
import { parseFilter } from "../../tracking/filter/parse-filter.ts";
import { checkPageSize } from "../limits.ts";
import { invalidParameter } from "../mlflow-error.ts";
import { double, integer, list, message, oneOf, orElse, required, string } from "../mlflow-fields.ts";
import { rpc, type Rpc } from "../mlflow-route.ts";

const viewNumbers = { TRACES: 1, SPANS: 2, ASSESSMENTS: 3 } as const;
const aggregationNumbers = { COUNT: 1, SUM: 2, AVG: 3, PERCENTILE: 4, MIN: 5, MAX: 6 } as const;

const aggregation = message({ aggregation_type: required(oneOf(aggregationNumbers)), percentile_value: double });

export const traceMetricsRpc: Rpc = rpc(
  "POST",
  "3.0/mlflow/traces/metrics",
  {
    experiment_ids: required(list(string)),
    view_type: required(oneOf(viewNumbers)),
    metric_name: required(string),
    aggregations: required(list(aggregation)),
    dimensions: list(string),
    filters: list(string),
    time_interval_seconds: integer,
    start_time_ms: integer,
    end_time_ms: integer,
    max_results: orElse(integer, 1000),
  },
  async (house, request) => {
    const { time_interval_seconds: seconds, start_time_ms: from, end_time_ms: to, dimensions, metric_name } = request;
    if (seconds !== undefined && seconds <= 0) throw invalidParameter(`time_interval_seconds must be a positive integer, received ${seconds}.`);
    if (seconds !== undefined && (from === undefined || to === undefined)) throw invalidParameter("start_time_ms and end_time_ms are required if time_interval_seconds is set");
    const view = request.view_type.toLowerCase() as MetricView;
    const aggregations = request.aggregations.map(({ aggregation_type, percentile_value }) => aggregationOf(aggregation_type, percentile_value));
    const rows = await queryTraceMetrics(house.db, {
      experimentIds: request.experiment_ids,
      view,
      metric: metric_name,
      aggregations,
      dimensions,
      conditions: request.filters.map((filter) => compileMetricFilter(house.db, view, filter)),
      bucket: seconds === undefined ? undefined : seconds * 1000,
      from,
      to,
      limit: checkPageSize(request.max_results, 50_000),
    });
    const names = seconds === undefined ? dimensions : ["time_bucket", ...dimensions];
    const points = rows.map((row) => ({
      metric_name,
      dimensions: Object.fromEntries(names.map((name, index) => [name, name === "time_bucket" ? bucketText(Number(row.dimensions[index])) : String(row.dimensions[index])])),
      values: Object.fromEntries(aggregations.flatMap((one, index) => (row.values[index] === null ? [] : [[label(one), row.values[index]]]))),
    }));
    return { data_points: points.filter(({ values }) => Object.keys(values).length > 0) };
  },
);

function aggregationOf(type: keyof typeof aggregationNumbers, percent: number | undefined): Aggregation {
  if (type !== "PERCENTILE") return { kind: type.toLowerCase() as "count" | "sum" | "avg" | "min" | "max" };
  if (percent === undefined || !(percent >= 0 && percent <= 100)) throw invalidParameter(`Percentile value must be between 0 and 100, got ${percent ?? "none"}`);
  return { kind: "percentile", percent };
}

/** As Python writes its doubles: P50.0. */
const label = (one: Aggregation): string => (one.kind === "percentile" ? `P${Number.isInteger(one.percent) ? one.percent.toFixed(1) : one.percent}` : one.kind.toUpperCase());

/** As Python writes a time in UTC. */
const bucketText = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(".000Z", "+00:00");

const columns: Readonly<Record<string, Expression<unknown>>> = {
  "trace.status": sql`upper(traces.state)`,
  "span.name": sql`spans.name`,
  "span.status": sql`upper(spans.status)`,
  "span.type": sql`spans.type`,
  "assessment.name": sql`assessments.name`,
  "assessment.type": sql`assessments.kind`,
};

/** One comparison of `trace.status`, `trace.tag.<key>`, `trace.metadata.<key>`, or, in their views, of a span or an assessment. */
function compileMetricFilter(db: Database, view: MetricView, text: string): Condition {
  const filter = parseFilter(text);
  if (filter?.kind !== "comparison") throw invalidParameter(`Invalid filter: '${text}'. Expected one filter clause.`);
  if (filter.key.prefix === undefined) throw invalidParameter(`Invalid identifier '${filter.key.name}'. Columns should be specified as 'trace.<key>', 'span.<key>', 'assessment.<key>'.`);
  const name = [filter.key.prefix, filter.key.name].join(".");
  const pair = /^trace\.(tag|metadata)\.(.+)$/s.exec(name);
  if (pair) {
    const table = sql.table(pair[1] === "tag" ? "trace_tags" : "trace_metadata");
    return sql`exists (select 1 from ${table} t where t.trace_id = traces.id and t.key = ${pair[2]} and ${compareText(db, sql`t.value`, filter)})`;
  }
  if (!Object.hasOwn(columns, name)) throw invalidName(name);
  const about = name.split(".")[0];
  if (about !== "trace" && `${about}s` !== view) throw invalidParameter(`Filtering by ${about} is only supported for ${about.toUpperCase()}S view type, got ${view.toUpperCase()}`);
  return compareText(db, columns[name], filter);
}

function invalidName(name: string): Error {
  const [about, entity = "", key] = name.split(".");
  const valid = Object.keys(columns).filter((known) => known.startsWith(`${about}.`));
  if (valid.length === 0) return invalidParameter(`Invalid view type '${about}'. Valid values are trace, span, assessment`);
  if (key !== undefined && valid.includes(`${about}.${entity}`)) return invalidParameter(`Filtering by ${entity} does not require a key, use '${about}.${entity}' instead`);
  if (about === "trace" && (entity === "tag" || entity === "metadata")) return invalidParameter(`Filtering by ${entity} requires a key, e.g. 'trace.${entity}.<key> = <value>'`);
  return invalidParameter(`Invalid entity '${entity}' specified for view type '${about}'. Valid entities are ${[...valid.map((known) => known.split(".")[1]), ...(about === "trace" ? ["tag", "metadata"] : [])].join(", ")}`);
}
