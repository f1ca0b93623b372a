import type { Database } from "../storage/database.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { lock } from "../storage/transactions.ts";
import { createExperiment, experimentNames, findExperiment } from "./experiments.ts";
import { storedValue } from "./metric-value.ts";
import { trackingTables } from "./store.ts";
import type { Experiment, Lifecycle, LoggedModel } from "./types.ts";

export interface ImportedExperiment extends Omit<Experiment, "artifactLocation"> {
  /** Where its artifacts lie if that is outside of Millrace; null for a place of its own under the root. */
  readonly artifactLocation: string | null;
}

/**
 * The experiment of this name, to import runs into: the one that is there, which gets the tags it does not have, or a new one with the
 * id it had, if no other has that id. Call it in a transaction.
 */
export async function importExperiment(transaction: Database, input: ImportedExperiment, artifactRoot: string): Promise<{ readonly id: string; readonly merged: boolean; readonly lifecycle: Lifecycle }> {
  await lock(transaction, experimentNames);
  const tables = trackingTables(transaction);
  const known = await findExperiment(transaction, input.name);
  const id = known?.id ?? (await createImported(transaction, input, artifactRoot));
  const tags = Object.entries(input.tags).map(([key, value]) => [id, key, value]);
  await insertRows(transaction, "experiment_tags", ["experiment_id", "key", "value"], tags, "on conflict do nothing");
  if (!known) {
    await tables.updateTable("experiments").set({ lifecycle: input.lifecycle, created_at: input.createdAt, updated_at: input.updatedAt }).where("id", "=", id).execute();
  }
  return { id, merged: known !== undefined, lifecycle: known?.lifecycle ?? input.lifecycle };
}

async function createImported(transaction: Database, input: ImportedExperiment, artifactRoot: string): Promise<string> {
  const taken = await trackingTables(transaction).selectFrom("experiments").select("id").where("id", "=", input.id).executeTakeFirst();
  // As many digits as a bigint surely holds, by which experiments are sorted.
  const id = taken || !/^\d{1,18}$/.test(input.id) ? undefined : input.id;
  return createExperiment(transaction, { id, name: input.name, artifactLocation: input.artifactLocation ?? undefined, artifactRoot, now: input.createdAt });
}

/** Writes a logged model with its id and times; one that is there is left. Call it in a transaction. Returns whether it was written. */
export async function importLoggedModel(transaction: Database, model: LoggedModel): Promise<boolean> {
  const written = await trackingTables(transaction)
    .insertInto("logged_models")
    .values({
      id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      type: model.type,
      status: model.status,
      source_run_id: model.sourceRunId,
      artifact_uri: model.artifactUri,
      created_at: model.createdAt,
      updated_at: model.updatedAt,
      deleted_at: model.lifecycle === "deleted" ? model.updatedAt : null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (written.numInsertedOrUpdatedRows === 0n) return false;
  for (const [table, pairs] of [["logged_model_params", model.params], ["logged_model_tags", model.tags]] as const) {
    await insertRows(transaction, table, ["model_id", "key", "value"], pairs.map(({ key, value }) => [model.id, key, value]));
  }
  await insertRows(
    transaction,
    "model_metrics",
    ["model_id", "run_id", "key", "step", "time", "value", "kind", "dataset_name", "dataset_digest"],
    model.metrics.map((one) => {
      const { value, kind } = storedValue(one.value);
      return [model.id, one.runId, one.key, one.step, one.time, value, kind, one.datasetName, one.datasetDigest];
    }),
    "on conflict do nothing",
  );
  return true;
}
