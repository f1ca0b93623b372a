import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import { storeFile } from "../tracking/files.ts";
import { insertLineage } from "../tracking/tracking.ts";
import { audit, ensureModel } from "./models.ts";
import { registryTables } from "./store.ts";
import type { TrainedVersion, VersionFacts } from "./types.ts";
import { filesOf } from "../training/model-files.ts";
import { registeredFolder } from "./version-files.ts";
import { nextVersion, readTrainedVersion } from "./versions.ts";

export type NewTrainedVersion = Omit<TrainedVersion, "origin" | Exclude<keyof VersionFacts, "model" | "createdAt" | "createdBy" | "runId" | "trigger">>;

/**
 * Adds the next version of a model that this house trained (and the model itself when it is new), with its lineage and an audit entry, in
 * one transaction. A pipeline run has one version: registering again for the same run returns the version that is there.
 */
export async function registerVersion(db: Database, input: NewTrainedVersion): Promise<TrainedVersion> {
  const version = await transact(db, async (untyped) => {
    const transaction = registryTables(untyped);
    const { model, createdAt: time, createdBy: actor, runId, pipelineRunId, datasetVersion, artifact, trigger, ...evidence } = input;
    const { id: modelId } = await ensureModel(untyped, { name: model, time, actor, reason: trigger });
    const existing = await transaction.selectFrom("model_versions").select("version").where("model_id", "=", modelId).where("pipeline_run_id", "=", pipelineRunId).executeTakeFirst();
    if (existing) return existing.version;
    const next = await nextVersion(untyped, modelId, time);
    // What is served need not be what was evaluated: that was trained without the held-out rows.
    for (const { path, ...file } of filesOf(artifact)) await storeFile(untyped, runId, `${registeredFolder}/${path}`, file);
    const source = `runs:/${runId}/${registeredFolder}`;
    await transaction
      .insertInto("model_versions")
      .values({
        model_id: modelId,
        version: next,
        created_at: time,
        updated_at: time,
        created_by: actor,
        deleted_at: null,
        description: null,
        stage: "None",
        source,
        storage: source,
        run_id: runId,
        run_link: null,
        logged_model_id: null,
        reason: trigger,
        pipeline_run_id: pipelineRunId,
        dataset_version: datasetVersion,
        artifact_sha256: artifact.sha256,
        artifact_size: artifact.size,
        document: JSON.stringify({ ...evidence, ...(artifact.python && { python: artifact.python }) }),
      })
      .execute();
    const id = `${model}/${next}`;
    await insertLineage(untyped, [
      { from: { kind: "run", id: runId }, to: { kind: "model_version", id }, role: "produced" },
      { from: { kind: "pipeline_run", id: pipelineRunId }, to: { kind: "model_version", id }, role: "produced" },
    ]);
    const details = { version: next, artifact: artifact.sha256, datasetVersion, source, runId, tags: {}, description: null };
    await audit(untyped, model, { time, actor, reason: trigger }, "registry.version_registered", details);
    return next;
  });
  return readTrainedVersion(db, input.model, version);
}
