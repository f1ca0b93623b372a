import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../storage/database.ts";
import { readExperiments } from "../tracking/experiments.ts";
import { compareNamed, compareNumber, compareText, compileFilter, type Condition } from "../tracking/filter/compile-filter.ts";
import { own, type Key } from "../tracking/filter/key.ts";
import { parseOrder } from "../tracking/filter/order-by.ts";
import { parseFilter, type Comparison } from "../tracking/filter/parse-filter.ts";
import { searchExperiments } from "../tracking/search.ts";
import { experimentMessage } from "./entity-messages.ts";
import { checkPageSize } from "./limits.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { integer, oneOf, orders, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { offsetOf, pageOf } from "./page-token.ts";
import { lifecycleOf, viewTypes } from "./view-type.ts";

export const searchExperimentsRpc: Rpc = rpc(
  ["POST", "GET"],
  "2.0/mlflow/experiments/search",
  { max_results: required(integer), filter: string, order_by: orders, view_type: oneOf(viewTypes), page_token: string },
  async (house, request) => {
    const size = checkPageSize(request.max_results, 50_000);
    const offset = offsetOf(request.page_token);
    const filter = parseFilter(request.filter);
    const where = filter && compileFilter(filter, (comparison) => compareExperiment(house.db, comparison));
    const orders = request.order_by.map((text) => {
      const { key, ascending } = parseOrder(text);
      const by = kindOf(key) === "attribute" ? own(columns, key.name) : undefined;
      if (!by) throw invalidParameter(`Invalid order_by key '${key.text}'. Valid keys are '${Object.keys(columns).join(", ")}'`);
      return { by, ascending };
    });
    const newest = [{ by: sql`experiments.created_at`, ascending: false }, { by: columns["experiment_id"], ascending: false }];
    const found = await searchExperiments(house.db, { lifecycle: lifecycleOf(request.view_type), where, orders: [...orders, ...newest], offset, limit: size + 1 });
    const { rows, next } = pageOf(found, offset, size);
    return { experiments: (await readExperiments(house.db, rows)).map(experimentMessage), next_page_token: next };
  },
);

const columns: Readonly<Record<string, Expression<unknown>>> = {
  name: sql`experiments.name`,
  experiment_id: sql`cast(experiments.id as bigint)`,
  creation_time: sql`experiments.created_at`,
  last_update_time: sql`experiments.updated_at`,
};

function kindOf({ prefix }: Key): "attribute" | "tag" {
  if (prefix === undefined || /^(attr|attributes?|experiment)$/i.test(prefix)) return "attribute";
  if (/^tags?$/i.test(prefix)) return "tag";
  throw invalidParameter(`Invalid entity type '${prefix}'. Valid entity types are ['attribute', 'tag']`);
}

function compareExperiment(db: Database, comparison: Comparison): Condition {
  const { key } = comparison;
  if (kindOf(key) === "attribute") {
    if (key.name === "experiment_id") return compareId(comparison);
    if (key.name === "name") return compareText(db, columns["name"], comparison);
    if (key.name === "creation_time" || key.name === "last_update_time") return compareNumber(db, columns[key.name], comparison, "numeric attribute");
    throw invalidParameter(`Invalid attribute key '${key.name}' specified. Valid keys are '${Object.keys(columns).join(", ")}'`);
  }
  return compareNamed(db, sql`experiment_tags t where t.experiment_id = experiments.id`, comparison);
}

/** Ids are whole numbers, written as text: `'0'`, and as Python's `int` reads them, `'00'`, too. They have no order here. */
function compareId({ operator, values }: Comparison): Condition {
  if (!["=", "!=", "IN", "NOT IN"].includes(operator)) throw invalidParameter(`Invalid comparator for experiment_id: ${operator}. Valid ones are =, !=, IN and NOT IN`);
  const ids = values.map((value) => {
    if (typeof value !== "string") throw invalidParameter(`Expected a quoted string value for experiment_id (e.g. '1'). Got value ${value}`);
    const digits = /^\s*([+-]?)0*(\d+)\s*$/.exec(value);
    if (!digits) throw invalidParameter(`Invalid experiment ID '${value}'. Experiment IDs must be integers.`);
    return `${digits[1] === "-" && digits[2] !== "0" ? "-" : ""}${digits[2]}`;
  });
  if (operator === "IN" || operator === "NOT IN") return sql<SqlBool>`experiments.id ${sql.raw(operator)} (${sql.join(ids)})`;
  return sql<SqlBool>`experiments.id ${sql.raw(operator)} ${ids[0]}`;
}
