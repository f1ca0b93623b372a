import { invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { fetchRows } from "../storage/fetch-rows.ts";
import { keepActive } from "./experiments.ts";
import { setRunTags } from "./log-batch.ts";
import { nameOfRun } from "./run-names.ts";
import { trackingTables } from "./store.ts";
import type { Lifecycle, RunStatus } from "./types.ts";

/** The tag that is a run's name as well. */
export const runNameTag = "mlflow.runName";

export interface NewRun {
  /** 32 hex digits. */
  readonly id: string;
  readonly experimentId: string;
  readonly name?: string | undefined;
  readonly userId: string;
  readonly startedAt: number;
  readonly tags: ReadonlyMap<string, string>;
}

/** Begins a run. Its name is also its tag `mlflow.runName`; two that differ are refused. */
export async function createRun(db: Database, input: NewRun): Promise<void> {
  const experiment = await keepActive(db, input.experimentId);
  const tagged = input.tags.get(runNameTag);
  if (input.name && tagged && input.name !== tagged) {
    throw invalid("tracking.two_names", `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${input.name}', mlflow.runName='${tagged}').`);
  }
  const name = input.name || tagged || nameOfRun(input.id);
  await trackingTables(db)
    .insertInto("runs")
    .values({
      id: input.id,
      experiment_id: input.experimentId,
      name,
      status: "running",
      started_at: input.startedAt,
      ended_at: null,
      lifecycle: "active",
      deleted_at: null,
      user_id: input.userId,
      artifact_uri: `${experiment.artifactLocation.replace(/\/+$/, "")}/${input.id}/artifacts`,
    })
    .execute();
  await setRunTags(db, input.id, new Map([...input.tags, [runNameTag, name]]));
}

export interface RunChange {
  readonly status?: RunStatus | undefined;
  readonly endedAt?: number | undefined;
  readonly name?: string | undefined;
}

export async function updateRun(db: Database, id: string, { status, endedAt, name }: RunChange): Promise<void> {
  await requireActiveRun(db, id);
  const change = { ...(status === undefined ? {} : { status }), ...(endedAt === undefined ? {} : { ended_at: endedAt }), ...(name ? { name } : {}) };
  if (Object.keys(change).length > 0) await trackingTables(db).updateTable("runs").set(change).where("id", "=", id).execute();
  if (name) await setRunTags(db, id, new Map([[runNameTag, name]]));
}

/** Deletes or restores a run; doing it again changes nothing. */
export async function setRunLifecycle(db: Database, id: string, lifecycle: Lifecycle, now: number): Promise<void> {
  const before = await lifecycleOf(db, id);
  if (before === lifecycle) return;
  await trackingTables(db)
    .updateTable("runs")
    .set({ lifecycle, deleted_at: lifecycle === "deleted" ? now : null })
    .where("id", "=", id)
    .where("lifecycle", "=", before)
    .execute();
}

/** Throws `tracking.run_not_found`, and `tracking.not_active` for a run that is deleted: it can only be restored. */
export async function requireActiveRun(db: Database, id: string): Promise<void> {
  const lifecycle = await lifecycleOf(db, id);
  if (lifecycle !== "active") throw invalid("tracking.not_active", `The run ${id} must be in the 'active' state. Current state is ${lifecycle}.`);
}

async function lifecycleOf(db: Database, id: string): Promise<Lifecycle> {
  const [row] = await fetchRows<{ lifecycle: Lifecycle }>(db, "select lifecycle from runs where id = ?", [id]);
  if (!row) throw notFound("tracking.run_not_found", `Run with id=${id} not found`);
  return row.lifecycle;
}
