import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../storage/database.ts";
import { badFilter } from "./filter/bad-filter.ts";
import { ordersBy, runFilter, walkedFilter, type RunOrder, type WalkedFilter } from "./filter/run-filter.ts";
import { viewOf } from "./run-views.ts";
import { numberOf, sayableNumber } from "./metric-value.ts";
import { searchRuns } from "./search.ts";
import { trackingTables } from "./store.ts";
import type { Lifecycle, RunStatus } from "./types.ts";

/** The tag that says whose child a run is. */
const parentTag = "mlflow.parentRunId";

/** Which runs a table shows, and in which order. */
export interface RunsQuestion {
  readonly experimentIds: readonly string[];
  readonly lifecycle: Lifecycle;
  readonly filter?: string | undefined;
  /** `metrics.rmse`, `params.depth`, `tags.team`, `attributes.start_time`; the newest first without one. */
  readonly sort?: { readonly column: string; readonly descending: boolean } | undefined;
  /** `top`: runs that are nobody's child; `all`: side by side; else the id of a run whose children are asked for. */
  readonly level: string;
}

/** One row, with the values of the columns that were asked for and are there; a metric that is not finite is told as text. */
export interface RunRow {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly userId: string;
  /** How many runs of this state of life are its children. */
  readonly children: number;
  readonly values: Readonly<Record<string, string | number>>;
}

interface Page {
  readonly columns: readonly string[];
  readonly offset: number;
  readonly limit: number;
}

/** From here on, pages by a metric are cut from the whole order, which is kept for a while. */
const shallow = 1000;

/** How many runs answer to the question, and a page of them. Throws `tracking.bad_filter`. */
export async function pageOfRuns(db: Database, question: RunsQuestion, page: Page, now: number): Promise<{ total: number; runs: RunRow[] }> {
  const where = conditionOf(db, question);
  const sorted = question.sort === undefined ? [] : ordersBy(keyOfColumn(question.sort.column), !question.sort.descending);
  const orders: RunOrder[] = [...sorted, { by: sql`runs.started_at`, ascending: false }];
  const search = { lifecycle: question.lifecycle, where, orders };
  const view = viewOf(db, JSON.stringify(question), now, () => countRuns(db, question));
  let ids: readonly string[];
  if (question.sort === undefined) ids = await searchRuns(db, question.experimentIds, { ...search, offset: page.offset, limit: page.limit });
  else if (page.offset < shallow && view.ids === undefined && question.sort.column.startsWith("metrics.")) {
    const byMetric = { key: question.sort.column.slice("metrics.".length), ascending: !question.sort.descending, filter: walkedCondition(db, question) };
    ids = await searchRuns(db, question.experimentIds, { ...search, byMetric, offset: page.offset, limit: page.limit });
  } else {
    view.ids ??= searchRuns(db, question.experimentIds, { ...search, offset: 0, limit: Number.MAX_SAFE_INTEGER });
    ids = (await view.ids).slice(page.offset, page.offset + page.limit);
  }
  return { total: await view.total, runs: await readRows(db, ids, page.columns) };
}

/** All ids that answer to a question, in its order. */
export function idsOfRuns(db: Database, question: RunsQuestion): Promise<string[]> {
  const sorted = question.sort === undefined ? [] : ordersBy(keyOfColumn(question.sort.column), !question.sort.descending);
  const orders = [...sorted, { by: sql`runs.started_at`, ascending: false }];
  return searchRuns(db, question.experimentIds, { lifecycle: question.lifecycle, where: conditionOf(db, question), orders, offset: 0, limit: Number.MAX_SAFE_INTEGER });
}

function conditionOf(db: Database, { filter, level }: RunsQuestion): Expression<SqlBool> | undefined {
  const [filtered, placed] = [runFilter(db, filter), placeOf(level)];
  return filtered && placed ? sql<SqlBool>`${placed} and ${filtered}` : (filtered ?? placed);
}

function walkedCondition(db: Database, { filter, level }: RunsQuestion): WalkedFilter | undefined {
  const [filtered, placed] = [walkedFilter(db, filter), placeOf(level)];
  if (!placed) return filtered;
  return { condition: filtered ? sql<SqlBool>`${placed} and ${filtered.condition}` : placed, bounds: filtered?.bounds ?? [] };
}

/** Whether a run stands at this level of the tree. */
function placeOf(level: string): Expression<SqlBool> | undefined {
  return level === "all" ? undefined
    : level === "top" ? sql<SqlBool>`runs.id not in (select t.run_id from run_tags t join runs p on p.id = t.value and p.lifecycle = 'active' where t.key = 'mlflow.parentRunId')`
    : sql<SqlBool>`runs.id in (select t.run_id from run_tags t where t.key = 'mlflow.parentRunId' and t.value = ${level})`;
}

async function countRuns(db: Database, question: RunsQuestion): Promise<number> {
  let query = trackingTables(db)
    .selectFrom("runs")
    .select((expression) => expression.fn.countAll<number | string>().as("n"))
    .where("experiment_id", "in", question.experimentIds)
    .where("lifecycle", "=", question.lifecycle);
  const where = conditionOf(db, question);
  if (where) query = query.where(where);
  return Number((await query.executeTakeFirstOrThrow()).n);
}

/** `metrics.val loss` as a key of the search language: the prefix ends at the first dot. */
export function keyOfColumn(column: string): { prefix: string; name: string; text: string } {
  const dot = column.indexOf(".");
  if (dot <= 0) throw badFilter(`A column reads metrics.NAME, params.NAME, tags.NAME or attributes.NAME, got ${JSON.stringify(column)}`);
  return { prefix: column.slice(0, dot), name: column.slice(dot + 1), text: column };
}

/** The rows of these runs, in their order. */
export async function readRows(db: Database, ids: readonly string[], columns: readonly string[]): Promise<RunRow[]> {
  if (ids.length === 0) return [];
  const tables = trackingTables(db);
  const rows = new Map((await tables.selectFrom("runs").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const values = new Map(ids.map((id): [string, Record<string, string | number>] => [id, {}]));
  const keysOf = (prefix: string): string[] => columns.map(keyOfColumn).flatMap((key) => (key.prefix === prefix ? [key.name] : []));
  const metrics = keysOf("metrics");
  if (metrics.length > 0) {
    const found = await tables.selectFrom("latest_metrics").select(["run_id", "key", "value", "kind"]).where("run_id", "in", ids).where("key", "in", metrics).execute();
    for (const row of found) values.get(row.run_id)![`metrics.${row.key}`] = sayableNumber(numberOf(row));
  }
  for (const [prefix, table] of [["params", "params"], ["tags", "run_tags"]] as const) {
    const keys = keysOf(prefix);
    if (keys.length === 0) continue;
    for (const row of await tables.selectFrom(table).selectAll().where("run_id", "in", ids).where("key", "in", keys).execute()) values.get(row.run_id)![`${prefix}.${row.key}`] = row.value;
  }
  const children = await tables
    .selectFrom("run_tags")
    .innerJoin("runs", "runs.id", "run_tags.run_id")
    .select((expression) => ["run_tags.value", expression.fn.countAll<number | string>().as("n")])
    // Said in the statement and not as a value: only so the index over parents is used.
    .where(sql<SqlBool>`run_tags.key = ${sql.lit(parentTag)}`)
    .where("run_tags.value", "in", ids)
    .where("runs.lifecycle", "=", "active")
    .groupBy("run_tags.value")
    .execute();
  const childrenOf = new Map(children.map(({ value, n }) => [value, Number(n)]));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    const { experiment_id: experimentId, name, status, started_at: startedAt, ended_at: endedAt, user_id: userId } = row;
    return [{ id, experimentId, name, status, startedAt, endedAt, userId, children: childrenOf.get(id) ?? 0, values: values.get(id)! }];
  });
}
