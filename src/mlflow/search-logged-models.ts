import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../storage/database.ts";
import { readLoggedModels, searchLoggedModels } from "../tracking/logged-models.ts";
import { compareMetric, compareNamed, compareNumber, compareText, compileFilter, lastWhenNull, type Condition } from "../tracking/filter/compile-filter.ts";
import { own, type Key } from "../tracking/filter/key.ts";
import { parseFilter, type Comparison } from "../tracking/filter/parse-filter.ts";
import { loggedModelMessages } from "./logged-models.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { boolean, integer, list, message, orElse, required, string, type Values } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";

const datasetFields = { dataset_name: required(string), dataset_digest: string };
const orderFields = { field_name: required(string), ascending: orElse(boolean, true), dataset_name: string, dataset_digest: string };

export const searchLoggedModelsRpc: Rpc = rpc(
  "POST",
  "2.0/mlflow/logged-models/search",
  { experiment_ids: list(string), filter: string, datasets: list(message(datasetFields)), max_results: orElse(integer, 50), order_by: list(message(orderFields), 20), page_token: string },
  async (house, request) => {
    const size = request.max_results;
    if (size < 1 || size > 1000) throw invalidParameter(`Invalid value ${size} for parameter 'max_results' supplied: it must be from 1 to 1000`);
    const search = { experiment_ids: request.experiment_ids, filter_string: request.filter ?? null, order_by: request.order_by };
    const offset = offsetOf(request.page_token, search);
    const filter = parseFilter(request.filter);
    const datasets = request.datasets.length === 0 ? undefined : anyOf(request.datasets.map(onDataset));
    const conditions = filter === undefined ? [] : [compileFilter(filter, (comparison) => compareModel(house.db, comparison, datasets))];
    if (datasets && !/\bmetrics?\b/i.test(request.filter ?? "")) conditions.push(sql<SqlBool>`exists (select 1 from model_metrics m where m.model_id = logged_models.id and ${datasets})`);
    const where = conditions.length === 0 ? undefined : sql<SqlBool>`${sql.join(conditions, sql` and `)}`;
    const orders = [...request.order_by.flatMap((order) => orderModels(order, datasets)), { by: sql`logged_models.created_at`, ascending: false }];
    const ids = await searchLoggedModels(house.db, request.experiment_ids, { where, orders, offset, limit: size + 1 });
    const models = await readLoggedModels(house.db, ids.slice(0, size));
    return { models: await loggedModelMessages(house, models), next_page_token: ids.length > size ? tokenOf({ ...search, offset: offset + size }) : undefined };
  },
);

interface Token {
  readonly experiment_ids: readonly string[];
  readonly filter_string: string | null;
  readonly order_by: readonly object[];
  readonly offset: number;
}

const tokenOf = (token: Token): string => Buffer.from(JSON.stringify(token)).toString("base64");

/** The offset of a token; one of another search is refused, since its offset would mean nothing in this one. */
function offsetOf(text: string | undefined, search: Omit<Token, "offset">): number {
  if (text === undefined || text === "") return 0;
  let token: Partial<Token>;
  try {
    token = JSON.parse(Buffer.from(text, "base64").toString("utf8")) as Partial<Token>;
  } catch {
    throw invalidParameter(`Invalid page token: ${text}`);
  }
  const { offset, ...of } = token;
  if (!Number.isSafeInteger(offset) || offset! < 0) throw invalidParameter(`Invalid page token: ${text}`);
  const parts = { experiment_ids: "Experiment IDs in the page token do", filter_string: "Filter string in the page token does", order_by: "Order by in the page token does" } as const;
  for (const key of ["experiment_ids", "filter_string", "order_by"] as const) {
    const [asked, was] = [JSON.stringify(search[key]), JSON.stringify(of[key])];
    if (was !== asked) throw invalidParameter(`${parts[key]} not match what is asked for: the token has ${was}, the request ${asked}`);
  }
  return offset!;
}

const anyOf = (conditions: readonly Condition[]): Condition => sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;

const onDataset = ({ dataset_name, dataset_digest }: Partial<Values<typeof datasetFields>>): Condition => {
  const named = dataset_name ? sql<SqlBool>`m.dataset_name = ${dataset_name}` : sql<SqlBool>`true`;
  return dataset_digest ? sql<SqlBool>`(${named} and m.dataset_digest = ${dataset_digest})` : named;
};

const texts: Readonly<Record<string, Expression<unknown>>> = {
  name: sql`logged_models.name`,
  experiment_id: sql`logged_models.experiment_id`,
  model_id: sql`logged_models.id`,
  model_type: sql`logged_models.type`,
  status: sql`case logged_models.status when 'pending' then 'PENDING' when 'ready' then 'READY' else 'FAILED' end`,
  source_run_id: sql`logged_models.source_run_id`,
};
const numbers: Readonly<Record<string, Expression<unknown>>> = {
  creation_timestamp: sql`logged_models.created_at`,
  creation_time: sql`logged_models.created_at`,
  creation_timestamp_ms: sql`logged_models.created_at`,
  last_updated_timestamp: sql`logged_models.updated_at`,
  last_updated_time: sql`logged_models.updated_at`,
  last_updated_timestamp_ms: sql`logged_models.updated_at`,
};

function kindOf(key: Key): "attribute" | "metric" | "param" | "tag" {
  if (key.prefix === undefined || /^attributes?$/i.test(key.prefix)) return "attribute";
  const kind = /^(metric|param|tag)s?$/i.exec(key.prefix)?.[1]?.toLowerCase();
  if (kind === undefined) throw invalidParameter(`Invalid entity type: '${key.prefix}'. Expected one of ['attributes', 'metrics', 'params', 'tags'].`);
  return kind as "metric" | "param" | "tag";
}

function compareModel(db: Database, comparison: Comparison, datasets: Condition | undefined): Condition {
  const { key } = comparison;
  const kind = kindOf(key);
  if (kind === "attribute") {
    const [number, text] = [own(numbers, key.name), own(texts, key.name)];
    if (number) return compareNumber(db, number, comparison, "numeric attribute");
    if (text) return compareText(db, text, comparison);
    throw invalidParameter(`Invalid attribute '${key.name}'. Valid ones are ${[...Object.keys(texts), ...Object.keys(numbers)].join(", ")}`);
  }
  if (kind === "metric") {
    const all = latestMetric(key.name, [datasets]);
    if (comparison.operator === "IS NULL") return sql<SqlBool>`not exists (${all})`;
    if (comparison.operator === "IS NOT NULL") return sql<SqlBool>`exists (${all})`;
    return sql<SqlBool>`exists (select 1 from (${all}) as latest where ${compareMetric(db, { value: sql`latest.value`, kind: sql`latest.kind` }, comparison)})`;
  }
  const table = sql.raw(kind === "param" ? "logged_model_params" : "logged_model_tags");
  return compareNamed(db, sql`${table} t where t.model_id = logged_models.id`, comparison);
}

/** The metric of a model that counts, of those on these datasets: the latest by step, then time, then value, as of runs. A row of `value` and `kind`, or none. */
const latestMetric = (key: string, datasets: readonly (Condition | undefined)[]): Expression<unknown> =>
  sql`select m.value, m.kind from model_metrics m where m.model_id = logged_models.id and m.key = ${key}
    and ${sql.join([sql<SqlBool>`true`, ...datasets.filter((one) => one !== undefined)], sql` and `)} order by m.step desc, m.time desc, m.value desc, m.kind desc limit 1`;

/** One order: an attribute, or the latest value of a metric, on a dataset perhaps; models without it come last, and before them those whose metric is NaN. */
function orderModels({ field_name: field, ascending, ...dataset }: Values<typeof orderFields>, datasets: Condition | undefined): { readonly by: Expression<unknown>; readonly ascending: boolean }[] {
  const dot = field.indexOf(".");
  if (dot < 0) {
    const column = own(numbers, field) ?? own(texts, field);
    if (!column) throw invalidParameter(`Invalid order by field name: ${field}`);
    return lastWhenNull(column, ascending);
  }
  if (field.slice(0, dot) !== "metrics") throw invalidParameter(`Invalid order by field name: ${field}. Only metrics are supported.`);
  const key = field.slice(dot + 1).replaceAll("`", "");
  const latest = latestMetric(key, [datasets, onDataset(dataset)]);
  return [
    { by: sql`coalesce((select case when latest.kind = 2 then 1 else 0 end from (${latest}) as latest), 2)`, ascending: true },
    { by: sql`(select latest.value from (${latest}) as latest)`, ascending },
  ];
}
