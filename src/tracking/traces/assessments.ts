import { randomUUID } from "node:crypto";
import { invalid, notFound } from "../../errors.ts";
import type { Database } from "../../storage/database.ts";
import { assessmentOf, metadataColumns, valueColumns } from "./assessment-row.ts";
import { requireTrace } from "./read-traces.ts";
import { traceTables } from "./trace-tables.ts";
import type { Assessment } from "./types.ts";

export type NewAssessment = Omit<Assessment, "valid">;

/** As MLflow makes them. */
export const newAssessmentId = (): string => `a-${randomUUID().replaceAll("-", "")}`;

/** Adds an assessment; the one that it overrides is not valid from then on. Throws `tracking.trace_not_found`, `tracking.assessment_not_found`. */
export async function createAssessment(db: Database, assessment: NewAssessment): Promise<void> {
  await requireTrace(db, assessment.traceId);
  await insertAssessment(db, assessment);
}

/** Adds an assessment to a trace that is there. */
export async function insertAssessment(db: Database, assessment: NewAssessment): Promise<void> {
  const tables = traceTables(db);
  if (assessment.overrides !== null) {
    const { numUpdatedRows } = await tables.updateTable("assessments").set({ valid: 0 }).where("trace_id", "=", assessment.traceId).where("id", "=", assessment.overrides).executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw assessmentNotFound(assessment.traceId, assessment.overrides);
  }
  const { source } = assessment;
  await tables
    .insertInto("assessments")
    .values({
      id: assessment.id,
      trace_id: assessment.traceId,
      span_id: assessment.spanId,
      kind: assessment.kind,
      name: assessment.name,
      ...valueColumns(assessment.value),
      error: assessment.error && JSON.stringify(assessment.error),
      source_type: source.type,
      source_id: source.id,
      rationale: assessment.rationale,
      ...metadataColumns(assessment.metadata),
      overrides: assessment.overrides,
      valid: 1,
      created_at: assessment.createdAt,
      updated_at: assessment.updatedAt,
    })
    .execute();
}

/** Throws `tracking.assessment_not_found`, or `tracking.trace_not_found`. */
export async function readAssessment(db: Database, traceId: string, id: string): Promise<Assessment> {
  const row = await traceTables(db).selectFrom("assessments").selectAll().where("trace_id", "=", traceId).where("id", "=", id).executeTakeFirst();
  if (row) return assessmentOf(row);
  await requireTrace(db, traceId);
  throw assessmentNotFound(traceId, id);
}

/** What may be changed of an assessment; a value (and error) must be of the kind it has. */
export interface AssessmentChange {
  readonly name?: string | undefined;
  readonly judged?: Pick<Assessment, "kind" | "value" | "error"> | undefined;
  readonly rationale?: string | undefined;
  /** Added to what is there. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly valid?: boolean | undefined;
}

/** Throws `tracking.assessment_not_found`, `tracking.other_kind_of_assessment`. */
export async function updateAssessment(db: Database, traceId: string, id: string, change: AssessmentChange, now: number): Promise<Assessment> {
  const before = await readAssessment(db, traceId, id);
  const { judged } = change;
  if (judged && judged.kind !== before.kind) {
    throw invalid("tracking.other_kind_of_assessment", `Cannot update ${judged.kind} value on ${before.kind === "feedback" ? "a Feedback" : `an ${before.kind === "issue" ? "IssueReference" : "Expectation"}`} assessment.`);
  }
  await traceTables(db)
    .updateTable("assessments")
    .set({
      ...(change.name === undefined ? {} : { name: change.name }),
      ...(judged ? { ...valueColumns(judged.value), error: judged.error && JSON.stringify(judged.error) } : {}),
      ...(change.rationale === undefined ? {} : { rationale: change.rationale }),
      ...(change.metadata ? metadataColumns({ ...before.metadata, ...change.metadata }) : {}),
      ...(change.valid === undefined ? {} : { valid: Number(change.valid) }),
      updated_at: now,
    })
    .where("id", "=", id)
    .execute();
  return readAssessment(db, traceId, id);
}

/** Deletes an assessment; the one that it overrode is valid again. Deleting one that is not there does nothing. Throws `tracking.trace_not_found`. */
export async function deleteAssessment(db: Database, traceId: string, id: string): Promise<void> {
  await requireTrace(db, traceId);
  const tables = traceTables(db);
  const row = await tables.selectFrom("assessments").select("overrides").where("trace_id", "=", traceId).where("id", "=", id).executeTakeFirst();
  if (!row) return;
  if (row.overrides !== null) await tables.updateTable("assessments").set({ valid: 1 }).where("trace_id", "=", traceId).where("id", "=", row.overrides).execute();
  await tables.deleteFrom("assessments").where("id", "=", id).execute();
}

const assessmentNotFound = (traceId: string, id: string): Error =>
  notFound("tracking.assessment_not_found", `Assessment with ID '${id}' not found for trace '${traceId}'`);
