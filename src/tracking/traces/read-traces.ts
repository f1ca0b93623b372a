import { notFound } from "../../errors.ts";
import type { Database } from "../../storage/database.ts";
import { assessmentOf } from "./assessment-row.ts";
import { spanOf } from "./stored-span.ts";
import { traceTables, type TraceTables } from "./trace-tables.ts";
import type { Span, Trace } from "./types.ts";

/** So many ids go into one statement. */
const slice = 5000;

/** Throws `tracking.trace_not_found`. */
export async function requireTrace(db: Database, id: string): Promise<{ readonly startedAt: number }> {
  const row = await traceTables(db).selectFrom("traces").select("started_at").where("id", "=", id).executeTakeFirst();
  if (!row) throw traceNotFound(id);
  return { startedAt: row.started_at };
}

const traceNotFound = (id: string): Error => notFound("tracking.trace_not_found", `Trace with ID '${id}' not found.`);

/** Throws `tracking.trace_not_found`. */
export async function readTrace(db: Database, id: string): Promise<Trace> {
  const [trace] = await readTraces(db, [id]);
  if (!trace) throw traceNotFound(id);
  return trace;
}

/** The traces of these ids, in their order and without their spans; those that are not there are left out. */
export async function readTraces(db: Database, ids: readonly string[]): Promise<Trace[]> {
  const traces: Trace[] = [];
  for (let from = 0; from < ids.length; from += slice) traces.push(...(await readSlice(db, ids.slice(from, from + slice))));
  return traces;
}

async function readSlice(db: Database, ids: readonly string[]): Promise<Trace[]> {
  const tables = traceTables(db);
  const rows = new Map((await tables.selectFrom("traces").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const pairs = async (table: "trace_tags" | "trace_metadata") => {
    const found = Map.groupBy(await tables.selectFrom(table).selectAll().where("trace_id", "in", ids).orderBy("trace_id").orderBy("key").execute(), (row) => row.trace_id);
    return (id: string): Record<string, string> => Object.fromEntries((found.get(id) ?? []).map(({ key, value }) => [key, value]));
  };
  const [tags, metadata] = [await pairs("trace_tags"), await pairs("trace_metadata")];
  const assessments = Map.groupBy(
    await tables.selectFrom("assessments").selectAll().where("trace_id", "in", ids).orderBy("created_at").orderBy("id").execute(),
    (row) => row.trace_id,
  );
  return ids.flatMap((id): Trace[] => {
    const row = rows.get(id);
    if (!row) return [];
    return [
      {
        id,
        experimentId: row.experiment_id,
        startedAt: row.started_at,
        duration: row.duration,
        state: row.state,
        clientRequestId: row.client_request_id,
        requestPreview: row.request_preview,
        responsePreview: row.response_preview,
        metadata: metadata(id),
        tags: tags(id),
        assessments: (assessments.get(id) ?? []).map(assessmentOf),
      },
    ];
  });
}

/** The spans of these traces, by trace: the root first, the others as they began. */
export async function readSpans(db: Database, traceIds: readonly string[]): Promise<Map<string, Span[]>> {
  const found = new Map<string, Span[]>();
  for (let from = 0; from < traceIds.length; from += slice) {
    const rows: TraceTables["spans"][] = await traceTables(db).selectFrom("spans").selectAll().where("trace_id", "in", traceIds.slice(from, from + slice)).execute();
    for (const [id, ofTrace] of Map.groupBy(rows, (row) => row.trace_id)) found.set(id, ofTrace.map(spanOf).toSorted(byStart));
  }
  return found;
}

function byStart(one: Span, other: Span): number {
  if ((one.parentId === null) !== (other.parentId === null)) return one.parentId === null ? -1 : 1;
  if (one.startedAt !== other.startedAt) return one.startedAt < other.startedAt ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}
