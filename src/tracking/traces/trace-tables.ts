import type { Database } from "../../storage/database.ts";
import type { AssessmentKind, SpanStatus, TraceState } from "./types.ts";

export type TraceTables = {
  /** `given` is 1 once a client has said the trace's times itself; they are then not derived from its spans any more. */
  traces: {
    id: string;
    experiment_id: string;
    started_at: number;
    duration: number | null;
    state: TraceState;
    given: number;
    client_request_id: string | null;
    request_preview: string | null;
    response_preview: string | null;
  };
  trace_tags: { trace_id: string; key: string; value: string };
  trace_metadata: { trace_id: string; key: string; value: string };
  /** `content` as `stored-span.ts` has it; a moment is `…_ms` milliseconds and `…_ns` nanoseconds. */
  spans: {
    trace_id: string;
    span_id: string;
    parent_id: string | null;
    name: string;
    type: string | null;
    status: SpanStatus;
    model: string | null;
    provider: string | null;
    started_ms: number;
    started_ns: number;
    ended_ms: number | null;
    ended_ns: number | null;
    content: string;
  };
  /** Token counts and costs of a span, or, with an empty `span_id`, of the trace. */
  trace_metrics: { trace_id: string; span_id: string; key: string; value: number };
  /** `value` is JSON, `value_text` what searches compare, `value_number` what is averaged; `of_session`: it counts for all traces of the session. */
  assessments: {
    id: string;
    trace_id: string;
    span_id: string | null;
    kind: AssessmentKind;
    name: string;
    value: string;
    value_text: string;
    value_number: number | null;
    error: string | null;
    source_type: string;
    source_id: string;
    rationale: string | null;
    metadata: string;
    of_session: number;
    overrides: string | null;
    valid: number;
    created_at: number;
    updated_at: number;
  };
  trace_runs: { run_id: string; trace_id: string };
  trace_prompts: { trace_id: string; name: string; version: string };
};

export const traceTables = (db: Database) => db.withTables<TraceTables>();

/** Tags and metadata that clients of MLflow write and read; the same names in every version of it. */
export const traceKeys = {
  name: "mlflow.traceName",
  spansLocation: "mlflow.trace.spansLocation",
  artifactLocation: "mlflow.artifactLocation",
  sourceRun: "mlflow.sourceRun",
  tokenUsage: "mlflow.trace.tokenUsage",
  cost: "mlflow.trace.cost",
  session: "mlflow.trace.session",
  user: "mlflow.trace.user",
  sizeStats: "mlflow.trace.sizeStats",
} as const;

/** The value of the tag `spansLocation` of a trace whose spans are here. */
export const spansAreHere = "TRACKING_STORE";
