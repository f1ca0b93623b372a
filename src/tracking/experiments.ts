import { sql } from "kysely";
import { conflict, invalid, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { lock } from "../storage/transactions.ts";
import { trackingTables } from "./store.ts";
import type { Experiment, Lifecycle } from "./types.ts";

/** The experiment of runs that name none. */
export const defaultExperimentId = "0";

/** Where artifacts lie when nobody says otherwise: clients send them to the server they talk to. */
export const storeRoot = "mlflow-artifacts:";

const locationUnder = (root: string, id: string): string => `${root}/${id}`;

/** Makes sure that the default experiment is there. */
export async function ensureDefaultExperiment(db: Database, now: number, artifactRoot = storeRoot): Promise<void> {
  // Looked for first: a start on a database that may not be written has nothing to write.
  if (await trackingTables(db).selectFrom("experiments").select("id").where("id", "=", defaultExperimentId).executeTakeFirst()) return;
  await trackingTables(db)
    .insertInto("experiments")
    .values({ id: defaultExperimentId, name: "Default", artifact_location: locationUnder(artifactRoot, defaultExperimentId), lifecycle: "active", created_at: now, updated_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export interface NewExperiment {
  /** A free one; without it, the next number. */
  readonly id?: string | undefined;
  readonly name: string;
  /** A URI; without one, a folder of its own under the root. */
  readonly artifactLocation?: string | undefined;
  readonly artifactRoot?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly now: number;
}

/** Adds an experiment; returns its id. Throws `tracking.experiment_exists`, for one that is deleted as well. */
export async function createExperiment(db: Database, input: NewExperiment): Promise<string> {
  if (input.name.trim() === "") throw invalid("tracking.bad_experiment_name", "An experiment's name must not be empty");
  await lock(db, experimentNames);
  const existing = await findExperiment(db, input.name);
  if (existing) {
    const hint = existing.lifecycle === "deleted" ? " in deleted state. You can restore the experiment, or permanently delete it to create a new one" : "";
    throw conflict("tracking.experiment_exists", `Experiment(name=${input.name}) already exists${hint}.`);
  }
  const tables = trackingTables(db);
  const id = input.id ?? (await nextId(db));
  const location = input.artifactLocation === undefined || input.artifactLocation === "" ? locationUnder(input.artifactRoot ?? storeRoot, id) : input.artifactLocation;
  await tables
    .insertInto("experiments")
    .values({ id, name: input.name, artifact_location: location, lifecycle: "active", created_at: input.now, updated_at: input.now })
    .execute();
  const tags = Object.entries(input.tags ?? {}).map(([key, value]) => ({ experiment_id: id, key, value }));
  if (tags.length > 0) await tables.insertInto("experiment_tags").values(tags).execute();
  return id;
}

/** The next number. Imported experiments may have long ones, which MLflow draws at random: nothing is counted on from them. */
async function nextId(db: Database): Promise<string> {
  const short = trackingTables(db).selectFrom("experiments").where(sql<boolean>`length(id) < 10`);
  const { last } = await short.select(sql<number | null>`max(cast(id as integer))`.as("last")).executeTakeFirstOrThrow();
  return String(Number(last ?? 0) + 1);
}

/** What a transaction locks that gives an experiment its name or its number. */
export const experimentNames = "tracking.experiments";

/** The experiment of this name, deleted or not; added when there is none. */
export async function experimentNamed(db: Database, name: string, now: number): Promise<Experiment> {
  const known = await findExperiment(db, name);
  if (known) return known;
  // Another server may add it just now.
  await lock(db, experimentNames);
  return (await findExperiment(db, name)) ?? readExperiment(db, await createExperiment(db, { name, now }));
}

/** The experiment of this name, deleted or not. */
export async function findExperiment(db: Database, name: string): Promise<Experiment | undefined> {
  const row = await trackingTables(db).selectFrom("experiments").select("id").where("name", "=", name).executeTakeFirst();
  return row && readExperiment(db, row.id);
}

/** Throws `tracking.experiment_not_found`, `tracking.bad_experiment_id`. */
export async function readExperiment(db: Database, id: string): Promise<Experiment> {
  if (!/^\d+$/.test(id)) throw invalid("tracking.bad_experiment_id", `Invalid experiment ID '${id}'. Experiment ID must be a valid integer.`);
  const [experiment] = await readExperiments(db, [id]);
  if (!experiment) throw notFound("tracking.experiment_not_found", `No Experiment with id=${id} exists`);
  return experiment;
}

/** The experiments of these ids, in the order of the ids; those that are not there are left out. */
export async function readExperiments(db: Database, ids: readonly string[]): Promise<Experiment[]> {
  if (ids.length === 0) return [];
  const tables = trackingTables(db);
  const rows = new Map((await tables.selectFrom("experiments").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const tags = new Map<string, Record<string, string>>();
  for (const tag of await tables.selectFrom("experiment_tags").selectAll().where("experiment_id", "in", ids).orderBy("key").execute()) {
    const known = tags.get(tag.experiment_id) ?? {};
    known[tag.key] = tag.value;
    tags.set(tag.experiment_id, known);
  }
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    const { name, lifecycle } = row;
    return [{ id, name, artifactLocation: row.artifact_location, lifecycle, createdAt: row.created_at, updatedAt: row.updated_at, tags: tags.get(id) ?? {} }];
  });
}

/** Throws `tracking.not_active` for a deleted one. */
export async function renameExperiment(db: Database, id: string, name: string, now: number): Promise<void> {
  await lock(db, experimentNames);
  await requireActive(db, id);
  const taken = await findExperiment(db, name);
  if (taken && taken.id !== id) throw conflict("tracking.experiment_exists", `Experiment(name=${name}) already exists.`);
  await trackingTables(db).updateTable("experiments").set({ name, updated_at: now }).where("id", "=", id).execute();
}

/**
 * Deletes or restores an experiment and, with it, its runs; runs that were deleted by themselves stay so when it is restored, for they
 * were deleted at another time.
 */
export async function setExperimentLifecycle(db: Database, id: string, lifecycle: Lifecycle, now: number): Promise<void> {
  await lock(db, `tracking.experiment ${id}`);
  const { lifecycle: before, updatedAt } = await readExperiment(db, id);
  if (before === lifecycle) {
    throw notFound("tracking.not_in_state", `The experiment ${id} is ${before === "active" ? "active already: there is no deleted one to restore" : "deleted already"}`);
  }
  const tables = trackingTables(db);
  const runs = tables.updateTable("runs").where("experiment_id", "=", id);
  if (lifecycle === "deleted") await runs.set({ lifecycle, deleted_at: now }).where("lifecycle", "=", "active").execute();
  else await runs.set({ lifecycle, deleted_at: null }).where("deleted_at", "=", updatedAt).execute();
  await tables.updateTable("experiments").set({ lifecycle, updated_at: now }).where("id", "=", id).execute();
}

export async function setExperimentTag(db: Database, id: string, key: string, value: string, now: number): Promise<void> {
  await requireActive(db, id);
  const tables = trackingTables(db);
  await tables
    .insertInto("experiment_tags")
    .values({ experiment_id: id, key, value })
    .onConflict((conflict) => conflict.columns(["experiment_id", "key"]).doUpdateSet({ value }))
    .execute();
  await tables.updateTable("experiments").set({ updated_at: now }).where("id", "=", id).execute();
}

/** Throws `tracking.tag_not_found`. */
export async function deleteExperimentTag(db: Database, id: string, key: string, now: number): Promise<void> {
  await requireActive(db, id);
  const tables = trackingTables(db);
  const { numDeletedRows } = await tables.deleteFrom("experiment_tags").where("experiment_id", "=", id).where("key", "=", key).executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw notFound("tracking.tag_not_found", `No tag with name: ${key} in experiment with id ${id}`);
  await tables.updateTable("experiments").set({ updated_at: now }).where("id", "=", id).execute();
}

/** The experiment, which stays active until the transaction ends, so that a run may begin in it. Throws `tracking.not_active`. */
export async function keepActive(db: Database, id: string): Promise<Experiment> {
  await lock(db, `tracking.experiment ${id}`, { shared: true });
  return requireActive(db, id);
}

/** The experiment, which must not be deleted: `tracking.not_active`. */
async function requireActive(db: Database, id: string): Promise<Experiment> {
  const experiment = await readExperiment(db, id);
  if (experiment.lifecycle !== "active") {
    throw invalid("tracking.not_active", `The experiment ${id} must be in the 'active' state. Current state is ${experiment.lifecycle}.`);
  }
  return experiment;
}

/** How many active runs each of these experiments has; none that has no run. */
export async function countRunsOf(db: Database, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await trackingTables(db)
    .selectFrom("runs")
    .select((expression) => ["experiment_id", expression.fn.countAll<number | string>().as("n")])
    .where("experiment_id", "in", ids)
    .where("lifecycle", "=", "active")
    .groupBy("experiment_id")
    .execute();
  return new Map(rows.map(({ experiment_id, n }) => [experiment_id, Number(n)]));
}
