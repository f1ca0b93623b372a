import { traceKeys, type TraceTables } from "./trace-tables.ts";
import type { Assessment, AssessmentError } from "./types.ts";

/** A value as the columns that keep it, are searched and are averaged. */
export function valueColumns(value: unknown): Pick<TraceTables["assessments"], "value" | "value_text" | "value_number"> {
  const json = JSON.stringify(value ?? null);
  return { value: json, value_text: typeof value === "string" ? value : json, value_number: numberOf(value) };
}

/** What an assessment is worth when many are averaged: yes and no are what judges say for 1 and 0. */
function numberOf(value: unknown): number | null {
  if (value === true || value === "yes") return 1;
  if (value === false || value === "no") return 0;
  return typeof value === "number" ? value : null;
}

export const metadataColumns = (metadata: Readonly<Record<string, string>>): Pick<TraceTables["assessments"], "metadata" | "of_session"> => ({
  metadata: JSON.stringify(metadata),
  of_session: Number(traceKeys.session in metadata),
});

/** The assessment of a row. */
export const assessmentOf = (row: TraceTables["assessments"]): Assessment => ({
  id: row.id,
  traceId: row.trace_id,
  spanId: row.span_id,
  kind: row.kind,
  name: row.name,
  value: JSON.parse(row.value) as unknown,
  error: row.error === null ? null : (JSON.parse(row.error) as AssessmentError),
  source: { type: row.source_type, id: row.source_id },
  rationale: row.rationale,
  metadata: JSON.parse(row.metadata) as Record<string, string>,
  overrides: row.overrides,
  valid: row.valid === 1,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});
