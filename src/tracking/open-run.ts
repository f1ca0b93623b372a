import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { transact } from "../storage/transactions.ts";
import { experimentNamed, storeRoot } from "./experiments.ts";
import { logMetrics, setRunTags } from "./log-batch.ts";
import { runNameTag } from "./runs.ts";
import { trackingTables } from "./store.ts";
import { insertLineage, type RunRecord } from "./tracking.ts";

/** What marks a run that was begun for a training, and, with the value `done`, one to which the house has added what it knows. */
const openTag = "millrace.training";
/** MLflow's tag for the run that a run is within. */
const parentTag = "mlflow.parentRunId";

/** Begins a run that a training logs to while it goes on; one of this id that is there goes on. Returns its experiment. */
export async function beginRun(db: Database, run: { readonly id: string; readonly experiment: string; readonly time: number }): Promise<{ experimentId: string }> {
  return transact(db, async (transaction) => {
    const { id: experimentId } = await experimentNamed(transaction, run.experiment, run.time);
    await trackingTables(transaction)
      .insertInto("runs")
      .values({
        id: run.id,
        experiment_id: experimentId,
        name: run.id,
        status: "running",
        started_at: run.time,
        ended_at: null,
        lifecycle: "active",
        deleted_at: null,
        user_id: "millrace",
        artifact_uri: `${storeRoot}/${experimentId}/${run.id}/artifacts`,
      })
      .onConflict((conflict) => conflict.column("id").doNothing())
      .execute();
    await insertRows(transaction, "run_tags", ["run_id", "key", "value"], [[run.id, runNameTag, run.id], [run.id, openTag, "open"]], "on conflict do nothing");
    return { experimentId };
  });
}

/**
 * Adds to a run that was begun what the house knows of it, and ends it: what was logged to it meanwhile stays, and a parameter that is there goes before one of
 * the house. Once, however often it is called.
 */
export async function completeRun(db: Database, record: RunRecord): Promise<void> {
  await transact(db, async (transaction) => {
    const tables = trackingTables(transaction);
    const open = await tables.updateTable("run_tags").set({ value: "done" }).where("run_id", "=", record.id).where("key", "=", openTag).where("value", "=", "open").executeTakeFirstOrThrow();
    if (open.numUpdatedRows === 0n) return;
    await tables.updateTable("runs").set({ status: record.status, ended_at: record.endedAt }).where("id", "=", record.id).execute();
    await insertRows(transaction, "params", ["run_id", "key", "value"], Object.entries(record.params).map(([key, value]) => [record.id, key, value]), "on conflict do nothing");
    await setRunTags(transaction, record.id, new Map(Object.entries(record.tags)));
    await logMetrics(transaction, record.id, record.metrics);
    const paths = record.artifacts.map(({ path }) => path);
    if (paths.length > 0) {
      await tables.deleteFrom("files").where("owner", "=", record.id).where("path", "in", paths).execute();
      await tables.insertInto("files").values(record.artifacts.map((artifact) => ({ owner: record.id, ...artifact }))).execute();
    }
    await insertLineage(transaction, record.lineage);
  });
}

/**
 * Ends a run that was begun, when its pipeline has: as `status` where it was never completed, and whatever runs within it still go on as failed, since nobody logs
 * to them any more. Nothing where there is none.
 */
export async function endRun(db: Database, id: string, status: "finished" | "failed", time: number): Promise<void> {
  await transact(db, async (transaction) => {
    const tables = trackingTables(transaction);
    const begun = tables.selectFrom("run_tags").select("run_id").where("run_id", "=", id).where("key", "=", openTag);
    if (!(await begun.executeTakeFirst())) return;
    const open = await tables.updateTable("run_tags").set({ value: status }).where("run_id", "=", id).where("key", "=", openTag).where("value", "=", "open").executeTakeFirstOrThrow();
    if (open.numUpdatedRows > 0n) await tables.updateTable("runs").set({ status, ended_at: time }).where("id", "=", id).execute();
    const within = tables.selectFrom("run_tags").select("run_id").where("key", "=", parentTag).where("value", "=", id);
    await tables.updateTable("runs").set({ status: "failed", ended_at: time }).where("status", "=", "running").where("id", "in", within).execute();
  });
}

/** The runs that were begun and not ended yet. */
export async function openRuns(db: Database): Promise<string[]> {
  const rows = await trackingTables(db).selectFrom("run_tags").select("run_id").where("key", "=", openTag).where("value", "=", "open").execute();
  return rows.map((row) => row.run_id);
}
