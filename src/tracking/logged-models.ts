import type { OrderByExpression } from "kysely";
import { invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { keepActive } from "./experiments.ts";
import { numberOf } from "./metric-value.ts";
import type { KeyValue } from "./run-details.ts";
import { nameOfRun } from "./run-names.ts";
import type { Search } from "./search.ts";
import { trackingTables, type TrackingTables } from "./store.ts";
import type { LoggedModel, LoggedModelStatus, ModelMetric } from "./types.ts";

export interface NewLoggedModel {
  /** `m-` and 32 hex digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly sourceRunId?: string | undefined;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly now: number;
}

/** Begins a logged model: it is `pending` until its files are there and somebody says so. */
export async function createLoggedModel(db: Database, input: NewLoggedModel): Promise<void> {
  const { name } = input;
  if (name !== undefined && (name === "" || /[/:.%"']/.test(name))) {
    throw invalid("tracking.bad_model_name", `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`);
  }
  const experiment = await keepActive(db, input.experimentId);
  await trackingTables(db)
    .insertInto("logged_models")
    .values({
      id: input.id,
      experiment_id: input.experimentId,
      name: name ?? nameOfRun(input.id.slice(2)),
      type: input.type ?? null,
      status: "pending",
      source_run_id: input.sourceRunId ?? null,
      artifact_uri: `${experiment.artifactLocation.replace(/\/+$/, "")}/models/${input.id}/artifacts`,
      created_at: input.now,
      updated_at: input.now,
      deleted_at: null,
    })
    .execute();
  await logModelParams(db, input.id, input.params);
  await setModelTags(db, input.id, input.tags);
}

/** Adds parameters; one that is there already with another value throws `tracking.param_changed`. */
export async function logModelParams(db: Database, id: string, params: readonly KeyValue[]): Promise<void> {
  if (params.length === 0) return;
  await requireLoggedModel(db, id);
  const rows = await trackingTables(db).selectFrom("logged_model_params").select(["key", "value"]).where("model_id", "=", id).execute();
  const known = new Map(rows.map(({ key, value }) => [key, value]));
  for (const { key, value } of params) {
    const old = known.get(key);
    if (old !== undefined && old !== value) throw invalid("tracking.param_changed", `Param '${key}' of logged model ${id} is ${JSON.stringify(old)} already; it cannot become ${JSON.stringify(value)}`);
    known.set(key, value);
  }
  await insertRows(db, "logged_model_params", ["model_id", "key", "value"], params.map(({ key, value }) => [id, key, value]), "on conflict do nothing");
}

export async function setModelTags(db: Database, id: string, tags: readonly KeyValue[]): Promise<void> {
  if (tags.length === 0) return;
  await requireLoggedModel(db, id);
  const last = new Map(tags.map(({ key, value }) => [key, value]));
  await insertRows(
    db,
    "logged_model_tags",
    ["model_id", "key", "value"],
    [...last].map(([key, value]) => [id, key, value]),
    "on conflict (model_id, key) do update set value = excluded.value",
  );
}

/** Throws `tracking.tag_not_found`. */
export async function deleteModelTag(db: Database, id: string, key: string): Promise<void> {
  await requireLoggedModel(db, id);
  const deleted = await trackingTables(db).deleteFrom("logged_model_tags").where("model_id", "=", id).where("key", "=", key).executeTakeFirstOrThrow();
  if (deleted.numDeletedRows === 0n) throw notFound("tracking.tag_not_found", `No tag with key '${key}' found for model with ID '${id}'.`);
}

export async function finishLoggedModel(db: Database, id: string, status: LoggedModelStatus, now: number): Promise<void> {
  await requireLoggedModel(db, id);
  await trackingTables(db).updateTable("logged_models").set({ status, updated_at: now }).where("id", "=", id).execute();
}

/** Deletes it softly. */
export async function deleteLoggedModel(db: Database, id: string, now: number): Promise<void> {
  await requireLoggedModel(db, id);
  await trackingTables(db).updateTable("logged_models").set({ deleted_at: now, updated_at: now }).where("id", "=", id).execute();
}

const missing = (id: string): Error => notFound("tracking.logged_model_not_found", `Logged model with ID '${id}' not found.`);

async function requireLoggedModel(db: Database, id: string): Promise<void> {
  const row = await trackingTables(db).selectFrom("logged_models").select("id").where("id", "=", id).where("deleted_at", "is", null).executeTakeFirst();
  if (!row) throw missing(id);
}

/** Throws `tracking.logged_model_not_found`, for a deleted one too unless it is asked for. */
export async function readLoggedModel(db: Database, id: string, options: { readonly allowDeleted?: boolean } = {}): Promise<LoggedModel> {
  const [found] = await readLoggedModels(db, [id]);
  if (!found || (found.lifecycle === "deleted" && options.allowDeleted !== true)) throw missing(id);
  return found;
}

/** The models of these ids, in the order of the ids. */
export async function readLoggedModels(db: Database, ids: readonly string[]): Promise<LoggedModel[]> {
  if (ids.length === 0) return [];
  const tables = trackingTables(db);
  const rows = new Map((await tables.selectFrom("logged_models").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const pairs = async (table: "logged_model_params" | "logged_model_tags") =>
    Map.groupBy(await tables.selectFrom(table).selectAll().where("model_id", "in", ids).orderBy("key").execute(), ({ model_id }) => model_id);
  const [params, tags] = [await pairs("logged_model_params"), await pairs("logged_model_tags")];
  const metrics = Map.groupBy(await tables.selectFrom("model_metrics").selectAll().where("model_id", "in", ids).orderBy("time").orderBy("step").execute(), ({ model_id }) => model_id);
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    return [
      {
        id,
        experimentId: row.experiment_id,
        name: row.name,
        type: row.type,
        status: row.status,
        sourceRunId: row.source_run_id,
        artifactUri: row.artifact_uri,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
        lifecycle: row.deleted_at === null ? ("active" as const) : ("deleted" as const),
        params: (params.get(id) ?? []).map(({ key, value }) => ({ key, value })),
        tags: (tags.get(id) ?? []).map(({ key, value }) => ({ key, value })),
        metrics: (metrics.get(id) ?? []).map(
          (metric): ModelMetric => ({ key: metric.key, value: numberOf(metric), step: metric.step, time: metric.time, runId: metric.run_id, datasetName: metric.dataset_name, datasetDigest: metric.dataset_digest }),
        ),
      },
    ];
  });
}

/** Ids of models of these experiments that are not deleted; conditions and orders are SQL over `logged_models`. */
export async function searchLoggedModels(db: Database, experimentIds: readonly string[], search: Omit<Search, "lifecycle">): Promise<string[]> {
  if (experimentIds.length === 0) return [];
  let query = trackingTables(db).selectFrom("logged_models").select("id").where("experiment_id", "in", experimentIds).where("deleted_at", "is", null);
  if (search.where) query = query.where(search.where);
  for (const { by, ascending } of search.orders) query = query.orderBy(by as OrderByExpression<TrackingTables, "logged_models", object>, ascending ? "asc" : "desc");
  return (await query.orderBy("id").limit(search.limit).offset(search.offset).execute()).map((row) => row.id);
}
