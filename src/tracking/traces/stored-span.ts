import { readAttributes, writeAttributes } from "./attribute-json.ts";
import { spanAttributes } from "./span-attributes.ts";
import type { TraceTables } from "./trace-tables.ts";
import type { Attributes, Span, SpanEvent, SpanLink } from "./types.ts";

/** What a span holds besides its columns. */
interface Content {
  readonly otelTraceId: string;
  readonly kind: bigint;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly resource: Attributes;
}

const million = 1_000_000n;

/** The milliseconds of a moment. */
export const millisecondsOf = (nanoseconds: bigint): number => Number(nanoseconds / million);

const textOf = (span: Span, key: string): string | null => {
  const value = span.attributes[key];
  return typeof value === "string" && value !== "" ? value : null;
};

/** A span as a row. */
export function spanRow(span: Span): TraceTables["spans"] {
  const { otelTraceId, kind, statusMessage, attributes, events, links, resource } = span;
  const content: Content = { otelTraceId, kind: BigInt(kind), statusMessage, attributes, events, links, resource };
  return {
    trace_id: span.traceId,
    span_id: span.id,
    parent_id: span.parentId,
    name: span.name,
    type: textOf(span, spanAttributes.type),
    status: span.status,
    model: textOf(span, spanAttributes.model),
    provider: textOf(span, spanAttributes.provider),
    started_ms: millisecondsOf(span.startedAt),
    started_ns: Number(span.startedAt % million),
    ended_ms: span.endedAt === null ? null : millisecondsOf(span.endedAt),
    ended_ns: span.endedAt === null ? null : Number(span.endedAt % million),
    content: writeAttributes(content),
  };
}

/** The span of a row, as it was. */
export function spanOf(row: TraceTables["spans"]): Span {
  const content = readAttributes(row.content) as Content;
  return {
    traceId: row.trace_id,
    otelTraceId: content.otelTraceId,
    id: row.span_id,
    parentId: row.parent_id,
    name: row.name,
    kind: Number(content.kind),
    startedAt: BigInt(row.started_ms) * million + BigInt(row.started_ns),
    endedAt: row.ended_ms === null ? null : BigInt(row.ended_ms) * million + BigInt(row.ended_ns ?? 0),
    status: row.status,
    statusMessage: content.statusMessage,
    attributes: content.attributes,
    events: content.events,
    links: content.links,
    resource: content.resource,
  };
}
