import type { Assessment, AttributeValue, Attributes, Span, Trace } from "../../tracking/traces/types.ts";
import { AnyJson } from "../mlflow-json.ts";
import { spanKinds } from "./otlp/spans-of-request.ts";
import { durationText, timestampText } from "./trace-fields.ts";

const base64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");

/** TraceInfoV3. */
export const traceInfoMessage = (trace: Trace): object => ({
  trace_id: trace.id,
  client_request_id: trace.clientRequestId,
  trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: trace.experimentId } },
  request_preview: trace.requestPreview,
  response_preview: trace.responsePreview,
  request_time: timestampText(trace.startedAt),
  execution_duration: trace.duration === null ? null : durationText(trace.duration),
  state: trace.state === "unspecified" ? "STATE_UNSPECIFIED" : trace.state.toUpperCase(),
  trace_metadata: trace.metadata,
  tags: trace.tags,
  assessments: trace.assessments.map(assessmentMessage),
});

const pairs = (values: Readonly<Record<string, string>>): object[] => Object.entries(values).map(([key, value]) => ({ key, value }));

/** TraceInfo of version 2. */
export const traceInfoV2Message = (trace: Trace): object => ({
  request_id: trace.id,
  experiment_id: trace.experimentId,
  timestamp_ms: trace.startedAt,
  execution_time_ms: trace.duration ?? 0,
  status: trace.state === "unspecified" ? "TRACE_STATUS_UNSPECIFIED" : trace.state.toUpperCase(),
  request_metadata: pairs(trace.metadata),
  tags: pairs(trace.tags),
});

export const traceMessage = (trace: Trace, spans: readonly Span[]): object => ({ trace_info: traceInfoMessage(trace), spans: spans.map(spanMessage) });

const statusCode = (span: Span): string => `STATUS_CODE_${span.status.toUpperCase()}`;

/** OpenTelemetry's Span in protobuf's JSON: ids in base64. */
const spanMessage = (span: Span): object => ({
  trace_id: base64(span.otelTraceId),
  span_id: base64(span.id),
  parent_span_id: span.parentId === null ? null : base64(span.parentId),
  name: span.name,
  kind: span.kind === 0 ? null : (spanKinds[span.kind] ?? span.kind),
  start_time_unix_nano: span.startedAt,
  end_time_unix_nano: span.endedAt,
  attributes: attributeMessages(span.attributes),
  events: span.events.map((event) => ({ time_unix_nano: event.at, name: event.name, attributes: attributeMessages(event.attributes) })),
  links: span.links.map((link) => ({ trace_id: base64(link.otelTraceId), span_id: base64(link.spanId), attributes: attributeMessages(link.attributes) })),
  status: { message: span.statusMessage === "" ? null : span.statusMessage, code: statusCode(span) },
});

const attributeMessages = (attributes: Attributes): object[] => Object.entries(attributes).map(([key, value]) => ({ key, value: valueMessage(value) }));

function valueMessage(value: AttributeValue): object {
  if (value === null) return {};
  if (typeof value === "string") return { string_value: value };
  if (typeof value === "boolean") return { bool_value: value };
  if (typeof value === "bigint") return value >= -(2n ** 63n) && value < 2n ** 63n ? { int_value: value } : { string_value: String(value) };
  if (typeof value === "number") return { double_value: value };
  if (Array.isArray(value)) return { array_value: { values: (value as readonly AttributeValue[]).map(valueMessage) } };
  return { kvlist_value: { values: attributeMessages(value as Attributes) } };
}

/** A span as `traces.json` has it: attributes are JSON in texts. */
export const spanOfFile = (span: Span, json: (value: AttributeValue) => string): object => ({
  trace_id: base64(span.otelTraceId),
  span_id: base64(span.id),
  parent_span_id: span.parentId === null ? null : base64(span.parentId),
  name: span.name,
  start_time_unix_nano: span.startedAt,
  end_time_unix_nano: span.endedAt,
  events: span.events.map((event) => ({ name: event.name, time_unix_nano: event.at, attributes: event.attributes })),
  status: { code: statusCode(span), message: span.statusMessage },
  attributes: Object.fromEntries(Object.entries(span.attributes).map(([key, value]) => [key, json(value)])),
});

/** Assessment. */
export const assessmentMessage = (assessment: Assessment): object => ({
  assessment_id: assessment.id,
  assessment_name: assessment.name,
  trace_id: assessment.traceId,
  span_id: assessment.spanId,
  source: { source_type: assessment.source.type, source_id: assessment.source.id },
  create_time: timestampText(assessment.createdAt),
  last_update_time: timestampText(assessment.updatedAt),
  ...judgement(assessment),
  rationale: assessment.rationale,
  metadata: Object.keys(assessment.metadata).length === 0 ? null : assessment.metadata,
  overrides: assessment.overrides,
  valid: assessment.valid,
});

function judgement({ kind, value, error, name }: Assessment): object {
  if (kind === "issue") return { issue: { issue_name: typeof value === "string" ? value : name } };
  if (kind === "feedback") {
    return { feedback: { value: new AnyJson(value), error: error && { error_code: error.code, error_message: error.message, stack_trace: error.stack === "" ? null : error.stack } } };
  }
  // Clients read structures from text only.
  const structured = typeof value === "object" && value !== null;
  return { expectation: structured ? { serialized_value: { serialization_format: "JSON_FORMAT", value: JSON.stringify(value) } } : { value: new AnyJson(value) } };
}
