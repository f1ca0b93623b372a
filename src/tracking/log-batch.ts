import { sql } from "kysely";
import { invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { fetchRows } from "../storage/fetch-rows.ts";
import { isSqlite } from "../storage/dialect.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { transact } from "../storage/transactions.ts";
import { storedValue } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import { markStale } from "./sums/mark-stale.ts";
import { isBefore, type Place } from "./sums/sum.ts";
import type { MetricPoint } from "./types.ts";

/** A metric point; with a model it is also a metric of that logged model, measured on a dataset perhaps. */
export interface LoggedPoint extends MetricPoint {
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** Adds points to a run; a point that is there already (the same key, step, time and value) is left. NaN and the infinities are kept. */
export async function logMetrics(db: Database, runId: string, points: readonly LoggedPoint[]): Promise<void> {
  if (points.length > 0) await transact(db, (transaction) => writeMetrics(transaction, runId, points));
}

async function writeMetrics(db: Database, runId: string, points: readonly LoggedPoint[]): Promise<void> {
  const stored = points.map((point) => ({ ...point, ...storedValue(point.value) }));
  const series = await seriesOf(db, runId, [...new Set(points.map(({ key }) => key))]);
  await insertRows(
    db,
    "metric_points",
    ["series_id", "step", "time", "value", "kind"],
    stored.map(({ key, step, time, value, kind }) => [series.get(key)!.id, step, time, value, kind]),
    "on conflict do nothing",
  );
  const within = Map.groupBy(stored.filter(({ key, step, time }) => isSummed(series.get(key)!, step, time)), ({ key }) => series.get(key)!.id);
  for (const [id, own] of within) await markStale(db, id, own.map(({ step, time }): Place => [step, time]));
  const latest = new Map<string, (typeof stored)[number]>();
  for (const point of stored) {
    const known = latest.get(point.key);
    if (!known || isLater(point, known)) latest.set(point.key, point);
  }
  await insertRows(
    db,
    "latest_metrics",
    ["run_id", "key", "step", "time", "value", "kind"],
    [...latest.values()].map(({ key, step, time, value, kind }) => [runId, key, step, time, value, kind]),
    `on conflict (run_id, key) do update set step = excluded.step, time = excluded.time, value = excluded.value, kind = excluded.kind
     where (excluded.step, excluded.time, excluded.value, excluded.kind) > (latest_metrics.step, latest_metrics.time, latest_metrics.value, latest_metrics.kind)`,
  );
  await insertRows(
    db,
    "model_metrics",
    ["model_id", "run_id", "key", "step", "time", "value", "kind", "dataset_name", "dataset_digest"],
    stored.flatMap((one) => (one.modelId ? [[one.modelId, runId, one.key, one.step, one.time, one.value, one.kind, one.datasetName ?? "", one.datasetDigest ?? ""]] : [])),
    "on conflict do nothing",
  );
}

type Stored = { readonly step: number; readonly time: number; readonly value: number; readonly kind: number };

/** The order in which the latest of several points is told: by step, then time, then value. */
function isLater(one: Stored, other: Stored): boolean {
  if (one.step !== other.step) return one.step > other.step;
  if (one.time !== other.time) return one.time > other.time;
  return one.value === other.value ? one.kind > other.kind : one.value > other.value;
}

interface SeriesRow {
  readonly id: number;
  readonly key: string;
  readonly summed_step: number | null;
  readonly summed_time: number | null;
}

const isSummed = ({ summed_step, summed_time }: SeriesRow, step: number, time: number): boolean =>
  summed_step !== null && summed_time !== null && isBefore([step, time], [summed_step, summed_time]);

/** The series of these keys, made where they are missing; until the transaction ends nobody sums up more of them. */
async function seriesOf(db: Database, runId: string, keys: readonly string[]): Promise<Map<string, SeriesRow>> {
  const hold = isSqlite(db) ? "" : " for share";
  const read = async () => {
    const rows = await fetchRows<SeriesRow>(db, `select id, key, summed_step, summed_time from metric_series where run_id = ? and key in (${keys.map(() => "?").join(", ")})${hold}`, [runId, ...keys]);
    return new Map(rows.map((row) => [row.key, row]));
  };
  const known = await read();
  const missing = keys.filter((key) => !known.has(key));
  if (missing.length === 0) return known;
  await insertRows(db, "metric_series", ["run_id", "key"], missing.map((key) => [runId, key]), "on conflict do nothing");
  return read();
}

/** Sets parameters once: the same value again is well, another throws `tracking.param_changed`. All or none. */
export async function logParams(db: Database, runId: string, params: readonly (readonly [key: string, value: string])[]): Promise<void> {
  if (params.length === 0) return;
  const keys = params.map(([key]) => key);
  await transact(db, async (transaction) => {
    // Written first and compared then: of two servers that set a parameter at once, one finds the other's value.
    await insertRows(transaction, "params", ["run_id", "key", "value"], params.map(([key, value]) => [runId, key, value]), "on conflict do nothing");
    const rows = await trackingTables(transaction).selectFrom("params").select(["key", "value"]).where("run_id", "=", runId).where("key", "in", keys).execute();
    const known = new Map(rows.map((row) => [row.key, row.value]));
    for (const [key, value] of params) {
      const old = known.get(key);
      if (old !== value) {
        throw invalid(
          "tracking.param_changed",
          `Changing param values is not allowed. Param with key='${key}' was already logged with value='${old}' for run ID='${runId}'. Attempted logging new value '${value}'.`,
        );
      }
    }
  });
}

/** Sets tags, over those that are there. The tag of the name renames the run. */
export async function setRunTags(db: Database, runId: string, tags: ReadonlyMap<string, string>): Promise<void> {
  await insertRows(
    db,
    "run_tags",
    ["run_id", "key", "value"],
    [...tags].map(([key, value]) => [runId, key, value]),
    "on conflict (run_id, key) do update set value = excluded.value",
  );
  const name = tags.get("mlflow.runName");
  if (name) await trackingTables(db).updateTable("runs").set({ name }).where("id", "=", runId).where(sql<boolean>`name <> ${name}`).execute();
}

/** Throws `tracking.tag_not_found`. */
export async function deleteRunTag(db: Database, runId: string, key: string): Promise<void> {
  const { numDeletedRows } = await trackingTables(db).deleteFrom("run_tags").where("run_id", "=", runId).where("key", "=", key).executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw notFound("tracking.tag_not_found", `No tag with name: ${key} in run with id ${runId}`);
}
