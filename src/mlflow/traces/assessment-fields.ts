import { newAssessmentId, type NewAssessment } from "../../tracking/traces/assessments.ts";
import type { Assessment } from "../../tracking/traces/types.ts";
import { invalidParameter } from "../mlflow-error.ts";
import { invalidValue, map, message, oneOf, required, string, type Field, type Values } from "../mlflow-fields.ts";
import { timestamp } from "./trace-fields.ts";

/** google.protobuf.Value: any JSON, null among it, whose numbers are doubles. */
const anyValue: Field<{ readonly json: unknown } | undefined> = { read: (value) => (value === undefined ? undefined : { json: asDoubles(value) }) };

const asDoubles = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(asDoubles);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asDoubles(inner)]));
};

const errorFields = message({ error_code: string, error_message: string, stack_trace: string });
const sourceTypes = { SOURCE_TYPE_UNSPECIFIED: 0, HUMAN: 1, LLM_JUDGE: 2, CODE: 3, AI_JUDGE: -1 } as const;

/** Assessment, of which clients send the parts they know. */
const parts = {
  span_id: string,
  source: message({ source_type: oneOf(sourceTypes), source_id: string }),
  create_time: timestamp,
  last_update_time: timestamp,
  feedback: message({ value: anyValue, error: errorFields }),
  expectation: message({ value: anyValue, serialized_value: message({ serialization_format: string, value: required(string) }) }),
  issue: message({ issue_name: string }),
  error: errorFields,
  rationale: string,
  metadata: map,
  overrides: string,
};

export const assessmentFields = { assessment_name: required(string), ...parts };
export const changedFields = { assessment_name: string, ...parts, valid: { read: (value: unknown, name: string) => validOf(value, name) } };

function validOf(value: unknown, name: string): boolean | undefined {
  if (value === undefined || value === null || typeof value === "boolean") return value ?? undefined;
  throw invalidValue(name, value);
}

type Parts = Values<typeof parts>;

/** The value that a request gives, with its kind; undefined when it gives none. Throws when it gives several. */
export function judgedOf({ feedback, expectation, issue, error }: Parts, name: string | undefined): Pick<Assessment, "kind" | "value" | "error"> | undefined {
  const given = [feedback, expectation, issue].filter((one) => one !== undefined);
  if (given.length > 1) throw invalidParameter("Exactly one of `expectation`, `feedback`, or `issue` should be specified.");
  if (expectation) return { kind: "expectation", value: expectedValue(expectation), error: null };
  if (issue) return { kind: "issue", value: issue.issue_name ?? name ?? "", error: null };
  if (!feedback) return undefined;
  const failed = feedback.error ?? error;
  return {
    kind: "feedback",
    value: feedback.value?.json ?? null,
    error: failed ? { code: failed.error_code ?? "", message: failed.error_message ?? "", stack: failed.stack_trace ?? "" } : null,
  };
}

function expectedValue({ value, serialized_value: text }: NonNullable<Parts["expectation"]>): unknown {
  if (!text) return value?.json ?? null;
  if (text.serialization_format !== undefined && text.serialization_format !== "JSON_FORMAT") {
    throw invalidParameter(`Unknown serialization format: ${text.serialization_format}. Only JSON_FORMAT is supported.`);
  }
  try {
    return JSON.parse(text.value) as unknown;
  } catch (error) {
    throw invalidParameter(`'expectation.serialized_value.value' is not JSON: ${(error as Error).message}`);
  }
}

/** The assessment of a request, as it is written. */
export function newAssessment(request: Values<typeof assessmentFields>, traceId: string, now: number): NewAssessment {
  const judged = judgedOf(request, request.assessment_name);
  if (!judged) throw invalidParameter("Unknown assessment type: one of `expectation`, `feedback` and `issue` must be specified.");
  const type = request.source?.source_type;
  return {
    id: newAssessmentId(),
    traceId,
    spanId: request.span_id || null,
    name: request.assessment_name,
    ...judged,
    source: { type: type === "AI_JUDGE" ? "LLM_JUDGE" : type === undefined || type === "SOURCE_TYPE_UNSPECIFIED" ? "CODE" : type, id: request.source?.source_id ?? "default" },
    rationale: request.rationale || null,
    metadata: request.metadata ?? {},
    overrides: request.overrides || null,
    createdAt: request.create_time ?? now,
    updatedAt: request.last_update_time ?? request.create_time ?? now,
  };
}
