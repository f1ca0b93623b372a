import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { keepActive } from "../experiments.ts";
import type { Experiment } from "../types.ts";
import { insertAssessment, type NewAssessment } from "./assessments.ts";
import { requireTrace } from "./read-traces.ts";
import { pairsOf, setPairs } from "./trace-pairs.ts";
import { traceKeys, traceTables } from "./trace-tables.ts";
import type { Trace, TraceState } from "./types.ts";
import { tokenKeys, tokensIn } from "./usage.ts";

export type NewTrace = Omit<Trace, "assessments"> & {
  readonly assessments: readonly NewAssessment[];
};

/** Where files of a trace belong. */
export const traceArtifactRoot = (experiment: Experiment, id: string): string => `${experiment.artifactLocation.replace(/\/+$/, "")}/traces/${id}/artifacts`;

/**
 * Says what a client knows of a trace: often at its end, before or after its spans. What spans have told of it already gives way, but the
 * previews where the client has none. Throws `tracking.experiment_not_found`, `tracking.not_active`.
 */
export async function startTrace(db: Database, trace: NewTrace): Promise<void> {
  const experiment = await keepActive(db, trace.experimentId);
  await insertRows(
    db,
    "traces",
    ["id", "experiment_id", "started_at", "duration", "state", "given", "client_request_id", "request_preview", "response_preview"],
    [[trace.id, trace.experimentId, trace.startedAt, trace.duration, trace.state, 1, trace.clientRequestId, trace.requestPreview, trace.responsePreview]],
    `on conflict (id) do update set experiment_id = excluded.experiment_id, started_at = excluded.started_at, duration = excluded.duration,
     state = excluded.state, given = 1, client_request_id = excluded.client_request_id,
     request_preview = coalesce(excluded.request_preview, traces.request_preview),
     response_preview = coalesce(excluded.response_preview, traces.response_preview)`,
  );
  await setPairs(db, "trace_tags", pairsOf(trace.id, { ...trace.tags, [traceKeys.artifactLocation]: traceArtifactRoot(experiment, trace.id) }));
  await setMetadata(db, trace.id, trace.metadata);
  for (const assessment of trace.assessments) await insertAssessment(db, assessment);
}

/** Sets metadata; the token counts among it are also what is summed over traces. */
async function setMetadata(db: Database, id: string, metadata: Readonly<Record<string, string>>): Promise<void> {
  await setPairs(db, "trace_metadata", pairsOf(id, metadata));
  const tokens = [...tokensIn(metadata[traceKeys.tokenUsage])];
  if (tokens.length === 0) return;
  await traceTables(db).deleteFrom("trace_metrics").where("trace_id", "=", id).where("span_id", "=", "").where("key", "in", tokenKeys).execute();
  await insertRows(db, "trace_metrics", ["trace_id", "span_id", "key", "value"], tokens.map(([key, value]) => [id, "", key, value]));
}

export interface TraceEnd {
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly state: TraceState;
  /** Added to those that are there. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** Ends a trace that was begun by `startTrace`. Throws `tracking.trace_not_found`. */
export async function endTrace(db: Database, id: string, end: TraceEnd): Promise<void> {
  const { startedAt } = await requireTrace(db, id);
  await traceTables(db).updateTable("traces").set({ duration: end.endedAt - startedAt, state: end.state }).where("id", "=", id).execute();
  await setPairs(db, "trace_tags", pairsOf(id, end.tags));
  await setMetadata(db, id, end.metadata);
}
