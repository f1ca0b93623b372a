import { writeTogether } from "../../storage/group-commit.ts";
import { createAssessment, deleteAssessment, readAssessment, updateAssessment, type AssessmentChange } from "../../tracking/traces/assessments.ts";
import { invalidParameter } from "../mlflow-error.ts";
import { list, message, missingValue, required, string, type Field, type Values } from "../mlflow-fields.ts";
import { rpc, type Rpc } from "../mlflow-route.ts";
import { assessmentFields, changedFields, judgedOf, newAssessment } from "./assessment-fields.ts";
import { assessmentMessage } from "./trace-messages.ts";

const path = "3.0/mlflow/traces/:trace_id/assessments";
const ids = { trace_id: required(string), assessment_id: required(string) };

/** google.protobuf.FieldMask: names in one text, with commas, in camel case; as a list or in snake case too. */
const fieldMask: Field<readonly string[] | undefined> = {
  read: (value, name) => {
    if (value === undefined || value === null) return undefined;
    const names = typeof value === "string" ? value.split(",") : list(string).read(Array.isArray(value) ? value : (value as { paths?: unknown }).paths, `${name}.paths`);
    return names.map((one) => one.trim().replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)).filter((one) => one !== "");
  },
};

export const assessmentRpcs: readonly Rpc[] = [
  rpc("POST", path, { trace_id: required(string), assessment: required(message(assessmentFields)) }, async (house, { trace_id, assessment }) => {
    const made = newAssessment(assessment, trace_id, house.clock.now());
    const read = await writeTogether(house.db, async (transaction) => {
      await createAssessment(transaction, made);
      return readAssessment(transaction, trace_id, made.id);
    });
    return { assessment: assessmentMessage(read) };
  }),
  rpc("GET", `${path}/:assessment_id`, ids, async (house, { trace_id, assessment_id }) => ({ assessment: assessmentMessage(await readAssessment(house.db, trace_id, assessment_id)) })),
  rpc("PATCH", `${path}/:assessment_id`, { ...ids, assessment: required(message(changedFields)), update_mask: required(fieldMask) }, async (house, { trace_id, assessment_id, assessment, update_mask }) => {
    const change = changeOf(assessment, update_mask);
    const made = await writeTogether(house.db, (transaction) => updateAssessment(transaction, trace_id, assessment_id, change, house.clock.now()));
    return { assessment: assessmentMessage(made) };
  }),
  rpc("DELETE", `${path}/:assessment_id`, ids, async (house, { trace_id, assessment_id }) => {
    await writeTogether(house.db, (transaction) => deleteAssessment(transaction, trace_id, assessment_id));
    return {};
  }),
];

/** The change that a mask asks for; what it does not name is left alone, whatever else the request holds. */
function changeOf(assessment: Values<typeof changedFields>, mask: readonly string[]): AssessmentChange {
  const unknown = mask.find((name) => !["assessment_name", "feedback", "expectation", "rationale", "metadata", "valid"].includes(name));
  if (unknown !== undefined) throw invalidParameter(`'${unknown}' of an assessment cannot be updated; assessment_name, feedback, expectation, rationale, metadata and valid can`);
  if (mask.includes("feedback") && mask.includes("expectation")) throw invalidParameter("Cannot specify both `expectation` and `feedback` parameters.");
  const kind = mask.find((name) => name === "feedback" || name === "expectation");
  const judged = kind === undefined ? undefined : judgedOf(assessment, assessment.assessment_name);
  if (kind !== undefined && judged?.kind !== kind) throw missingValue(`assessment.${kind}`);
  const asked = <T>(name: string, value: T): T | undefined => (mask.includes(name) ? value : undefined);
  return {
    name: asked("assessment_name", assessment.assessment_name),
    judged,
    rationale: asked("rationale", assessment.rationale ?? ""),
    metadata: asked("metadata", assessment.metadata ?? {}),
    valid: asked("valid", assessment.valid),
  };
}
