import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FeatureSpec } from "../training/types.ts";
import type { House } from "../stage.ts";
import type { BlobInfo } from "../storage/blobs.ts";
import { identifier, literal, queryOne } from "../storage/duckdb.ts";
import { labelOfPrediction, loadLabels, readingLog } from "./prediction-log.ts";

export interface FeedbackRequest {
  readonly endpoint: string;
  readonly features: readonly FeatureSpec[];
  readonly target: string;
  readonly regression: boolean;
  /** The classes that the loop knows; rows of another label are left out: a new class is a decision. */
  readonly classes?: readonly string[];
  /** The column that holds the event time in the dataset the rows are to join, and its type. */
  readonly time: { readonly column: string; readonly stored: "DATE" | "TIMESTAMP" } | null;
  /** Only labels that had arrived by then. */
  readonly knownAt: number;
}

/**
 * What production taught: every request that was answered and whose label has arrived, as rows of a dataset (features as they were
 * sent, the label as target), one Parquet file in the artifact store, in order of event time. This is where the loop closes.
 */
export async function collectFeedback(house: House, request: FeedbackRequest): Promise<BlobInfo & { readonly rows: number }> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-feedback-"));
  try {
    const file = join(folder, "feedback.parquet");
    const rows = await readingLog<number | undefined>(house, request.endpoint, { from: 0, until: request.knownAt }, undefined, async (connection, log) => {
      await loadLabels(connection, house, request.endpoint, { until: request.knownAt });
      const value = request.regression ? "TRY_CAST(l.value AS DOUBLE)" : "l.value";
      const usable = request.regression ? `isfinite(${value})` : request.classes === undefined || request.classes.length === 0 ? "true" : `l.value IN (${request.classes.map(literal).join(", ")})`;
      const taken = new Set([request.target, request.time?.column]);
      const columns = [
        ...(request.time ? [`event_time::${request.time.stored} AS ${identifier(request.time.column)}`] : []),
        ...request.features.filter((feature) => !taken.has(feature.name)).map((feature) => `${inputOf(feature)} AS ${identifier(feature.name)}`),
        `${value} AS ${identifier(request.target)}`,
      ];
      const answered = `(SELECT * FROM ${log} WHERE NOT shadow)`;
      const { Count } = await queryOne<{ Count: number }>(
        connection,
        `COPY (SELECT ${columns.join(", ")} FROM ${answered} p JOIN labels l ON ${labelOfPrediction}
         WHERE ${usable} ORDER BY p.event_time, p.request_id, p.row_index) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`,
      );
      return Count;
    });
    if (rows === undefined) return { sha256: "", size: 0, rows: 0 };
    return { ...(await house.blobs.putFile(file, { move: true })), rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A feature as the log has it: points in time are milliseconds there. */
const inputOf = ({ name, type }: FeatureSpec): string =>
  type === "timestamp" ? `make_timestamp(round(${identifier(`input_${name}`)} * 1000)::BIGINT)` : identifier(`input_${name}`);
