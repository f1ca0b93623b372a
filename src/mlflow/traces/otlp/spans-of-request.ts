import { spanAttributes } from "../../../tracking/traces/span-attributes.ts";
import { unpacked } from "../../../tracking/traces/attribute-json.ts";
import type { AttributeValue, Attributes, Span, SpanStatus } from "../../../tracking/traces/types.ts";
import type { OtlpBytes, OtlpKeyValue, OtlpRequest, OtlpSpan, OtlpValue } from "./otlp-request.ts";

/** A span of a request that cannot be one of ours; says which and why. */
export class BadSpan extends Error {}

/** The spans of an export request; throws BadSpan for the first that is not well. */
export function spansOfRequest(request: OtlpRequest): Span[] {
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans }) => {
    const attributes = attributesOf(resource?.attributes);
    return (scopeSpans ?? []).flatMap(({ spans }) => (spans ?? []).map((span) => spanOf(span, attributes)));
  });
}

/** SpanKind by number. */
export const spanKinds: readonly string[] = ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"];
const statusCodes = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
const statuses: readonly SpanStatus[] = ["unset", "ok", "error"];

function spanOf(span: OtlpSpan, resource: Attributes): Span {
  const [otelTraceId, id, parent] = [idOf(span.traceId, 16, "traceId"), idOf(span.spanId, 8, "spanId"), idOf(span.parentSpanId, 8, "parentSpanId")];
  if (otelTraceId === undefined) throw new BadSpan(`span ${JSON.stringify(span.name)} has no trace id`);
  if (id === undefined) throw new BadSpan(`span ${JSON.stringify(span.name)} has no span id`);
  const attributes = attributesOf(span.attributes);
  const traceId = traceIdOf(attributes, otelTraceId);
  const ended = timeOf(span.endTimeUnixNano, "endTimeUnixNano");
  return {
    traceId,
    otelTraceId,
    id,
    parentId: parent ?? null,
    name: span.name ?? "",
    kind: numberOf(span.kind, spanKinds),
    startedAt: timeOf(span.startTimeUnixNano, "startTimeUnixNano"),
    endedAt: ended === 0n ? null : ended,
    status: statuses[numberOf(span.status?.code, statusCodes)] ?? "unset",
    statusMessage: span.status?.message ?? "",
    attributes: { [spanAttributes.traceId]: traceId, ...(parent === undefined ? serviceOf(resource) : {}), ...attributes },
    events: (span.events ?? []).map((event) => ({ name: event.name ?? "", at: timeOf(event.timeUnixNano, "timeUnixNano"), attributes: attributesOf(event.attributes) })),
    links: (span.links ?? []).map((link) => ({
      otelTraceId: idOf(link.traceId, 16, "links.traceId") ?? "",
      spanId: idOf(link.spanId, 8, "links.spanId") ?? "",
      attributes: attributesOf(link.attributes),
    })),
    resource,
  };
}

/** The trace a span says it belongs to, or that of its id. */
function traceIdOf(attributes: Attributes, otelTraceId: string): string {
  const said = unpacked(attributes[spanAttributes.traceId] ?? null);
  return typeof said === "string" && said !== "" && said.length <= 250 ? said : `tr-${otelTraceId}`;
}

/** The service that ran it, which a root span says of itself too, so that its trace is found by it; SDKs call one without a name `unknown_service`. */
function serviceOf(resource: Attributes): Attributes {
  const name = resource["service.name"];
  return typeof name === "string" && name !== "" && !name.startsWith("unknown_service") ? { "service.name": name } : {};
}

/** An id as hex; undefined when it is not there. Shorter ones, which some SDKs send, are filled up with zeros in front. */
function idOf(value: OtlpBytes | undefined, bytes: number, name: string): string | undefined {
  const hex = typeof value === "string" ? value.toLowerCase() : value === undefined ? "" : Buffer.from(value).toString("hex");
  if (hex === "") return undefined;
  if (!/^[0-9a-f]+$/.test(hex) || hex.length > bytes * 2) throw new BadSpan(`${name} is not ${bytes} bytes in hex: ${JSON.stringify(hex.slice(0, 80))}`);
  return hex.padStart(bytes * 2, "0");
}

const most64 = 2n ** 64n;

function timeOf(value: string | number | bigint | undefined, name: string): bigint {
  if (value === undefined || value === "") return 0n;
  const time = integerOf(value);
  if (time === undefined || time < 0n || time >= most64) throw new BadSpan(`${name} is not a number of nanoseconds: ${String(value).slice(0, 80)}`);
  return time;
}

function integerOf(value: string | number | bigint): bigint | undefined {
  if (typeof value === "bigint") return value;
  return /^-?\d+$/.test(String(value)) ? BigInt(value) : undefined;
}

function numberOf(value: number | string | bigint | undefined, names: readonly string[]): number {
  if (typeof value !== "string") return Number(value ?? 0);
  return /^\d+$/.test(value) ? Number(value) : Math.max(0, names.indexOf(value));
}

/** How deep lists and maps may lie in one another: as deep as protobuf's own readers go. */
const deepest = 100;

const attributesOf = (pairs: readonly OtlpKeyValue[] = [], depth = 0): Attributes => Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value, depth)]));

function valueOf(value: OtlpValue | null | undefined, depth: number): AttributeValue {
  if (value === undefined || value === null) return null;
  if (depth > deepest) throw new BadSpan(`an attribute has more than ${deepest} levels`);
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) {
    const integer = integerOf(value.intValue);
    if (integer === undefined) throw new BadSpan(`intValue is no integer: ${String(value.intValue).slice(0, 80)}`);
    return integer;
  }
  // "NaN" and the infinities are texts in JSON.
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map((one) => valueOf(one, depth + 1));
  if (value.kvlistValue !== undefined) return attributesOf(value.kvlistValue.values, depth + 1);
  if (value.bytesValue === undefined) return null;
  return typeof value.bytesValue === "string" ? value.bytesValue : Buffer.from(value.bytesValue).toString("base64");
}
