import { sql } from "kysely";
import { notFound } from "../errors.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { Database } from "../storage/database.ts";
import { likeExactly } from "../storage/like.ts";
import { insertLineage } from "../tracking/tracking.ts";
import type { DatasetManifest } from "./dataset-manifest.ts";
import type { IngestOutput } from "./ingest-step.ts";
import type { Profile } from "./profile/profile-types.ts";
import { dataTables } from "./store.ts";
import type { ValidateOutput } from "./validate-step.ts";

/** A dataset version as it is listed. */
export interface DatasetVersionSummary {
  readonly id: string;
  readonly dataset: string;
  readonly createdAt: number;
  readonly rows: number;
}

export interface DatasetVersionDetails extends DatasetVersionSummary {
  readonly manifest: DatasetManifest;
  readonly validation: ValidateOutput;
  readonly profile: Profile;
}

/** Keeps a dataset version with what validation found, and where it came from. A version is its content: recording it again changes nothing. */
export async function recordDatasetVersion(db: Database, dataset: string, table: IngestOutput, validation: ValidateOutput, now: number): Promise<void> {
  await dataTables(db)
    .insertInto("dataset_versions")
    .values({ id: table.version, dataset, created_at: now, rows: table.rows, manifest: table.manifest, validation: JSON.stringify(validation) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { parents } = JSON.parse(table.manifest) as DatasetManifest;
  await insertLineage(
    db,
    parents.map((parent) => ({
      from: { kind: "dataset_version", id: parent },
      to: { kind: "dataset_version", id: table.version },
      role: "derived_from",
    })),
  );
}

/** Dataset versions, newest first. */
export async function listDatasetVersions(db: Database, filter: { dataset?: string; limit?: number } = {}): Promise<DatasetVersionSummary[]> {
  let query = dataTables(db)
    .selectFrom("dataset_versions")
    .select(["id", "dataset", "created_at as createdAt", "rows"])
    .orderBy("created_at", "desc")
    .orderBy("rows", "desc")
    .limit(filter.limit ?? 200);
  if (filter.dataset !== undefined) query = query.where("dataset", "=", filter.dataset);
  return query.execute();
}

/** One version with its profile; `id` may be its first digits, if only one version begins with them. */
export async function readDatasetVersion(db: Database, blobs: BlobStore, id: string): Promise<DatasetVersionDetails> {
  const rows = await dataTables(db)
    .selectFrom("dataset_versions")
    .selectAll()
    .where(likeExactly(db, sql.ref("id"), `${id.replaceAll(/[%_]/g, "")}%`))
    .limit(2)
    .execute();
  const row = rows[0];
  if (!row || rows.length > 1) {
    throw notFound("data.version_not_found", row ? `More than one dataset version begins with ${id}; give more digits` : `There is no dataset version ${JSON.stringify(id)}`);
  }
  const validation = JSON.parse(row.validation) as ValidateOutput;
  return {
    id: row.id,
    dataset: row.dataset,
    createdAt: row.created_at,
    rows: row.rows,
    manifest: JSON.parse(row.manifest) as DatasetManifest,
    validation,
    profile: JSON.parse((await blobs.get(validation.profile.sha256, `the profile of dataset version ${row.id}`)).toString("utf8")) as Profile,
  };
}
