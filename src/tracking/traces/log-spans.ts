import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { readExperiment, keepActive } from "../experiments.ts";
import { withConventions } from "./conventions.ts";
import { addPairs, setPairs, type Pair } from "./trace-pairs.ts";
import { traceArtifactRoot } from "./start-trace.ts";
import { spanSummary, type Summary } from "./span-summary.ts";
import { spanRow } from "./stored-span.ts";
import { traceKeys, spansAreHere, traceTables, type TraceTables } from "./trace-tables.ts";
import type { Span } from "./types.ts";
import { costKeys, tokenKeys, usageJson, usageOfSpan } from "./usage.ts";

/**
 * Writes spans, of one trace or many: a span that is there already is replaced, so sending again does no harm. A trace that nobody has begun
 * begins with its spans, in this experiment; its times, state, name and previews follow from them until a client says them itself. Throws
 * `tracking.experiment_not_found`, `tracking.not_active`.
 */
export async function logSpans(db: Database, experimentId: string, sent: readonly Span[]): Promise<void> {
  if (sent.length === 0) return;
  // The last of each: one statement may not write a row twice.
  const spans = [...new Map(sent.map((span) => [`${span.traceId} ${span.id}`, span])).values()].map(withConventions);
  const ids = [...new Set(spans.map((span) => span.traceId))];
  const tables = traceTables(db);
  const known = new Map((await tables.selectFrom("traces").selectAll().where("id", "in", ids).execute()).map((row) => [row.id, row]));
  const isNew = ids.filter((id) => !known.has(id));
  const summaries = new Map(ids.map((id) => [id, spanSummary(spans.filter((span) => span.traceId === id))]));
  const experiment = isNew.length > 0 ? await keepActive(db, experimentId) : await readExperiment(db, experimentId);
  await writeTraces(db, ids.map((id) => derivedRow(known.get(id) ?? newRow(id, experimentId), summaries.get(id)!)));
  await writeSpans(db, spans);

  const tags = ids.map((id): Pair => [id, traceKeys.spansLocation, spansAreHere]);
  await setPairs(db, "trace_tags", tags);
  await addPairs(db, "trace_tags", [
    ...isNew.map((id): Pair => [id, traceKeys.artifactLocation, traceArtifactRoot(experiment, id)]),
    ...ids.flatMap((id): Pair[] => (summaries.get(id)!.name === undefined ? [] : [[id, traceKeys.name, summaries.get(id)!.name!]])),
  ]);
  await addPairs(
    db,
    "trace_metadata",
    ids.flatMap((id): Pair[] => {
      const { session, user } = summaries.get(id)!;
      return [...(session === undefined ? [] : [[id, traceKeys.session, session] as const]), ...(user === undefined ? [] : [[id, traceKeys.user, user] as const])];
    }),
  );
  await addUp(db, ids.filter((id) => summaries.get(id)!.used), new Set([...known.values()].filter((row) => row.given === 1).map((row) => row.id)));
}

const newRow = (id: string, experimentId: string): TraceTables["traces"] => ({
  id,
  experiment_id: experimentId,
  started_at: Number.MAX_SAFE_INTEGER,
  duration: null,
  state: "in_progress",
  given: 0,
  client_request_id: null,
  request_preview: null,
  response_preview: null,
});

/** What is known of a trace, and what its spans add to that. */
function derivedRow(row: TraceTables["traces"], summary: Summary): TraceTables["traces"] {
  const previews = { request_preview: row.request_preview ?? summary.request ?? null, response_preview: row.response_preview ?? summary.response ?? null };
  const state = summary.state !== undefined && (row.state === "in_progress" || row.state === "unspecified") ? summary.state : row.state;
  if (row.given === 1) return { ...row, ...previews, state };
  const started = Math.min(row.started_at, summary.startedAt);
  const ends = [row.duration === null ? undefined : row.started_at + row.duration, summary.endedAt].filter((end) => end !== undefined);
  return { ...row, ...previews, state, started_at: started, duration: ends.length === 0 ? null : Math.max(...ends) - started };
}

async function writeTraces(db: Database, rows: readonly TraceTables["traces"][]): Promise<void> {
  await insertRows(
    db,
    "traces",
    ["id", "experiment_id", "started_at", "duration", "state", "given", "request_preview", "response_preview"],
    rows.map((row) => [row.id, row.experiment_id, row.started_at, row.duration, row.state, row.given, row.request_preview, row.response_preview]),
    `on conflict (id) do update set started_at = excluded.started_at, duration = excluded.duration, state = excluded.state,
     request_preview = excluded.request_preview, response_preview = excluded.response_preview`,
  );
}

const columns = ["trace_id", "span_id", "parent_id", "name", "type", "status", "model", "provider", "started_ms", "started_ns", "ended_ms", "ended_ns", "content"] as const;

async function writeSpans(db: Database, spans: readonly Span[]): Promise<void> {
  const rows = spans.map(spanRow).map((row) => columns.map((column) => row[column]));
  const replaced = columns.slice(2).map((column) => `${column} = excluded.${column}`);
  await insertRows(db, "spans", columns, rows, `on conflict (trace_id, span_id) do update set ${replaced.join(", ")}`);
  await insertRows(
    db,
    "trace_metrics",
    ["trace_id", "span_id", "key", "value"],
    spans.flatMap((span) => [...usageOfSpan(span)].map(([key, value]) => [span.traceId, span.id, key, value])),
    "on conflict (trace_id, span_id, key) do update set value = excluded.value",
  );
}

/**
 * Sums tokens and costs over all spans of these traces (over all, not only those that came now: a span that is sent twice counts once). What
 * stands there when a client has said what it knows of its whole trace stays.
 */
async function addUp(db: Database, ids: readonly string[], given: ReadonlySet<string>): Promise<void> {
  if (ids.length === 0) return;
  const tables = traceTables(db);
  const said = await tables.selectFrom("trace_metadata").select(["trace_id", "key"]).where("trace_id", "in", ids).where("key", "in", [traceKeys.tokenUsage, traceKeys.cost]).execute();
  const kept = new Set(said.filter((row) => given.has(row.trace_id)).map((row) => `${row.trace_id} ${row.key}`));
  const sums = new Map<string, Map<string, number>>();
  const rows = await tables
    .selectFrom("trace_metrics")
    .select(["trace_id", "key"])
    .select((of) => of.fn.sum<number>("value").as("sum"))
    .where("trace_id", "in", ids)
    .where("span_id", "<>", "")
    .groupBy(["trace_id", "key"])
    .execute();
  for (const row of rows) sums.set(row.trace_id, (sums.get(row.trace_id) ?? new Map<string, number>()).set(row.key, Number(row.sum)));
  const metadata: Pair[] = [];
  const totals: [string, string, string, number][] = [];
  for (const [id, usage] of sums) {
    for (const [key, names] of [[traceKeys.tokenUsage, tokenKeys], [traceKeys.cost, costKeys]] as const) {
      const json = kept.has(`${id} ${key}`) ? undefined : usageJson(usage, names);
      if (json === undefined) continue;
      metadata.push([id, key, json]);
      totals.push(...names.flatMap((name): [string, string, string, number][] => (usage.has(name) ? [[id, "", name, usage.get(name)!]] : [])));
    }
  }
  await setPairs(db, "trace_metadata", metadata);
  await insertRows(db, "trace_metrics", ["trace_id", "span_id", "key", "value"], totals, "on conflict (trace_id, span_id, key) do update set value = excluded.value");
}
