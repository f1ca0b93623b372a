import { notFound } from "../../errors.ts";
import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { requireActiveRun } from "../runs.ts";
import { trackingTables } from "../store.ts";
import { requireTrace } from "./read-traces.ts";
import { setPairs } from "./trace-pairs.ts";
import { traceTables } from "./trace-tables.ts";

/** Throws `tracking.trace_not_found`. */
export async function setTraceTag(db: Database, id: string, key: string, value: string): Promise<void> {
  await requireTrace(db, id);
  await setPairs(db, "trace_tags", [[id, key, value]]);
}

/** Throws `tracking.trace_not_found`, `tracking.tag_not_found`. */
export async function deleteTraceTag(db: Database, id: string, key: string): Promise<void> {
  await requireTrace(db, id);
  const { numDeletedRows } = await traceTables(db).deleteFrom("trace_tags").where("trace_id", "=", id).where("key", "=", key).executeTakeFirstOrThrow();
  if (numDeletedRows === 0n) throw notFound("tracking.tag_not_found", `No trace tag with key '${key}' for trace with ID '${id}'`);
}

/** Says that traces belong to a run that did not make them. A trace may come later than its link. Throws `tracking.run_not_found`. */
export async function linkTracesToRun(db: Database, traceIds: readonly string[], runId: string): Promise<void> {
  await requireActiveRun(db, runId);
  await insertRows(db, "trace_runs", ["run_id", "trace_id"], traceIds.map((id) => [runId, id]), "on conflict do nothing");
}

/** Says that a trace used these versions of prompts. Throws `tracking.trace_not_found`. */
export async function linkPrompts(db: Database, traceId: string, prompts: readonly { readonly name: string; readonly version: string }[]): Promise<void> {
  await requireTrace(db, traceId);
  await insertRows(db, "trace_prompts", ["trace_id", "name", "version"], prompts.map(({ name, version }) => [traceId, name, version]), "on conflict do nothing");
}

/** Which traces of an experiment to delete: these, or the oldest (at most `most`) of those that began at `until` or before. */
export type Doomed = { readonly ids: readonly string[] } | { readonly until: number; readonly most?: number | undefined };

/** So many ids go into one statement. */
const slice = 5000;

/** Deletes traces with all that hangs on them; returns how many there were. The content of their files stays in the artifact store. */
export async function deleteTraces(db: Database, experimentId: string, doomed: Doomed): Promise<number> {
  const tables = traceTables(db);
  const ofExperiment = tables.selectFrom("traces").select("id").where("experiment_id", "=", experimentId);
  const named = "ids" in doomed ? doomed.ids : undefined;
  const ids = named ?? (await oldest(ofExperiment, doomed as Exclude<Doomed, { ids: unknown }>));
  let deleted = 0;
  for (let from = 0; from < ids.length; from += slice) {
    const part = (await ofExperiment.where("id", "in", ids.slice(from, from + slice)).execute()).map((row) => row.id);
    if (part.length === 0) continue;
    await trackingTables(db).deleteFrom("files").where("owner", "in", part).execute();
    await tables.deleteFrom("trace_runs").where("trace_id", "in", part).execute();
    await tables.deleteFrom("traces").where("id", "in", part).execute();
    deleted += part.length;
  }
  return deleted;

  async function oldest(query: typeof ofExperiment, { until, most }: Exclude<Doomed, { ids: unknown }>): Promise<string[]> {
    const old = query.where("started_at", "<=", until).orderBy("started_at").orderBy("id");
    return (await (most === undefined ? old : old.limit(most)).execute()).map((row) => row.id);
  }
}
