import { sql, type Expression, type SqlBool } from "kysely";
import { searchModels, searchVersions } from "../registry/search.ts";
import type { Database } from "../storage/database.ts";
import { compareNamed, compareNumber, compareText, compileFilter, invalidComparator, type Condition } from "../tracking/filter/compile-filter.ts";
import { own } from "../tracking/filter/key.ts";
import { parseOrder } from "../tracking/filter/order-by.ts";
import { parseFilter, type Comparison, type Filter } from "../tracking/filter/parse-filter.ts";
import { checkPageSize } from "./limits.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { integer, orders, orElse, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { offsetOf, pageOf } from "./page-token.ts";
import { modelMessages, versionMessage } from "./registry-messages.ts";

const fields = (size: number) => ({ filter: string, max_results: orElse(integer, size), order_by: orders, page_token: string });
const mostVersions = 200_000;

export const searchRegistryRpcs: readonly Rpc[] = [
  rpc("GET", "2.0/mlflow/registered-models/search", fields(100), async (house, request) => {
    const size = checkPageSize(request.max_results, 1000);
    const offset = offsetOf(request.page_token);
    const orders = ordersOf(request.order_by, modelEntity.orders, [["name", true]]);
    const found = await searchModels(house.db, { where: whereOf(house.db, request.filter, modelEntity), orders, offset, limit: size + 1 });
    const { rows, next } = pageOf(found, offset, size);
    return { registered_models: await modelMessages(house, rows), next_page_token: next };
  }),
  rpc("GET", "2.0/mlflow/model-versions/search", fields(mostVersions), async (house, request) => {
    const size = checkPageSize(request.max_results, mostVersions);
    const offset = offsetOf(request.page_token);
    const orderBy = request.order_by.length === 0 ? ["last_updated_timestamp DESC"] : request.order_by;
    const orders = ordersOf(orderBy, versionEntity.orders, [["name", true], ["version_number", false]]);
    const found = await searchVersions(house.db, { where: whereOf(house.db, request.filter, versionEntity), orders, offset, limit: size + 1 });
    const { rows, next } = pageOf(found, offset, size);
    return { model_versions: rows.map(versionMessage), next_page_token: next };
  }),
];

/** What can be searched for, and how its tags are found. */
interface Entity {
  readonly texts: Readonly<Record<string, Expression<unknown>>>;
  readonly numbers: Readonly<Record<string, Expression<unknown>>>;
  readonly orders: Readonly<Record<string, Expression<unknown>>>;
  /** Texts that MLflow's clients send as "" when there is none: `run_id != 'x'` finds versions without a run. */
  readonly emptyWhenNull: readonly string[];
  /** `t` is a row of its tags. */
  readonly tags: Expression<unknown>;
}

const modelEntity: Entity = {
  texts: { name: sql`registered_models.name` },
  numbers: { creation_timestamp: sql`registered_models.created_at`, last_updated_timestamp: sql`registered_models.updated_at` },
  orders: {
    name: sql`registered_models.name`,
    timestamp: sql`registered_models.updated_at`,
    last_updated_timestamp: sql`registered_models.updated_at`,
    creation_timestamp: sql`registered_models.created_at`,
  },
  emptyWhenNull: [],
  tags: sql`registered_model_tags t where t.model_id = registered_models.id`,
};

const versionEntity: Entity = {
  texts: { name: sql`registered_models.name`, run_id: sql`model_versions.run_id`, source_path: sql`model_versions.source`, stage: sql`model_versions.stage` },
  numbers: { version_number: sql`model_versions.version`, creation_timestamp: sql`model_versions.created_at`, last_updated_timestamp: sql`model_versions.updated_at` },
  orders: {
    name: sql`registered_models.name`,
    version_number: sql`model_versions.version`,
    creation_timestamp: sql`model_versions.created_at`,
    last_updated_timestamp: sql`model_versions.updated_at`,
  },
  emptyWhenNull: ["run_id"],
  tags: sql`model_version_tags t where t.model_id = model_versions.model_id and t.version = model_versions.version`,
};

const promptTag = "mlflow.prompt.is_prompt";

/** The condition of a search; prompts, which are models too, are only found by those who ask for them. */
function whereOf(db: Database, text: string | undefined, entity: Entity): Condition {
  const filter = parseFilter(text);
  const asked = filter !== undefined && mentionsPrompts(filter);
  const isPrompt = sql<SqlBool>`exists (select 1 from registered_model_tags p where p.model_id = registered_models.id and p.key = ${promptTag} and lower(p.value) = 'true')`;
  const compiled = filter && compileFilter(filter, (comparison) => (isPromptTag(comparison) ? promptCondition(comparison, isPrompt) : compare(db, comparison, entity)));
  if (asked) return compiled!;
  return compiled ? sql<SqlBool>`(${compiled} and not ${isPrompt})` : sql<SqlBool>`not ${isPrompt}`;
}

const isPromptTag = ({ key }: Comparison): boolean => key.prefix !== undefined && /^tags?$/i.test(key.prefix) && key.name === promptTag;

const mentionsPrompts = (filter: Filter): boolean =>
  filter.kind === "comparison" ? isPromptTag(filter) : filter.kind === "not" ? mentionsPrompts(filter.part) : filter.parts.some(mentionsPrompts);

/** A model without the tag is no prompt, so `!= 'true'` finds it. */
function promptCondition({ operator, values }: Comparison, isPrompt: Condition): Condition {
  const yes = String(values[0]).toLowerCase() === "true";
  if (operator === "=" || operator === "!=") return yes === (operator === "=") ? isPrompt : sql<SqlBool>`not ${isPrompt}`;
  if (operator === "IS NULL") return sql<SqlBool>`not ${isPrompt}`;
  if (operator === "IS NOT NULL") return isPrompt;
  throw invalidComparator(operator, ["=", "!=", "IS NULL", "IS NOT NULL"]);
}

function compare(db: Database, comparison: Comparison, entity: Entity): Condition {
  const { key } = comparison;
  if (key.prefix === undefined || /^(attr|attributes?)$/i.test(key.prefix)) {
    const [text, number] = [own(entity.texts, key.name), own(entity.numbers, key.name)];
    if (text) return compareText(db, entity.emptyWhenNull.includes(key.name) && findsEmpty(comparison) ? sql`coalesce(${text}, '')` : text, comparison);
    if (number) return compareNumber(db, number, comparison, "numeric attribute");
    throw invalidParameter(`Invalid attribute key '${key.name}' specified. Valid keys are '${[...Object.keys(entity.texts), ...Object.keys(entity.numbers)].join(", ")}'`);
  }
  if (!/^tags?$/i.test(key.prefix)) throw invalidParameter(`Invalid entity type '${key.prefix}'. Valid entity types are ['attribute', 'tag']`);
  return compareNamed(db, entity.tags, comparison);
}

/** Whether a comparison may be true of "". The others leave the column alone, and with it the use of its index. */
const findsEmpty = ({ operator, values }: Comparison): boolean =>
  operator === "=" || operator === "IN" ? values.includes("") : operator !== "IS NULL" && operator !== "IS NOT NULL";

function ordersOf(texts: readonly string[], known: Entity["orders"], ending: readonly (readonly [string, boolean])[]): { by: Expression<unknown>; ascending: boolean }[] {
  const seen = new Set<string>();
  const orders = texts.map((text) => {
    const { key, ascending } = parseOrder(text);
    const by = own(known, key.name);
    if (!by) throw invalidParameter(`Invalid order by key '${key.name}' specified. Valid keys are '${Object.keys(known).join(", ")}'`);
    if (seen.has(key.name)) throw invalidParameter(`\`order_by\` contains duplicate fields: ${JSON.stringify(texts)}`);
    seen.add(key.name);
    return { by, ascending };
  });
  return [...orders, ...ending.filter(([name]) => !seen.has(name)).map(([name, ascending]) => ({ by: known[name], ascending }))];
}
