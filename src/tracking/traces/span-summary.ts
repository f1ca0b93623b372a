import { previewOf } from "./preview.ts";
import { spanAttributes } from "./span-attributes.ts";
import { millisecondsOf } from "./stored-span.ts";
import type { AttributeValue, Span } from "./types.ts";
import { usageOfSpan } from "./usage.ts";

/** What spans of one trace, perhaps not all of them, say of it; times in milliseconds. */
export interface Summary {
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** Of the root: undefined when it is not among the spans. */
  readonly state: "ok" | "error" | undefined;
  readonly name: string | undefined;
  readonly request: string | undefined;
  readonly response: string | undefined;
  readonly session: string | undefined;
  readonly user: string | undefined;
  /** Some span says how many tokens it took, or what it cost. */
  readonly used: boolean;
}

export function spanSummary(spans: readonly Span[]): Summary {
  const root = spans.find((span) => span.parentId === null);
  const started = spans.map((span) => millisecondsOf(span.startedAt));
  const ended = spans.flatMap((span) => (span.endedAt === null ? [] : [millisecondsOf(span.endedAt)]));
  const first = (key: string): string | undefined => textOf(spans.map((span) => span.attributes[key]).find((value) => textOf(value) !== undefined));
  return {
    startedAt: started.reduce((least, one) => Math.min(least, one)),
    endedAt: ended.length === 0 ? undefined : ended.reduce((most, one) => Math.max(most, one)),
    state: root === undefined || root.endedAt === null ? undefined : root.status === "error" ? "error" : "ok",
    name: root?.name,
    request: previewOf(root?.attributes[spanAttributes.inputs], "user"),
    response: previewOf(root?.attributes[spanAttributes.outputs], "assistant"),
    session: first(spanAttributes.session),
    user: first(spanAttributes.user),
    used: spans.some((span) => usageOfSpan(span).size > 0),
  };
}

const textOf = (value: AttributeValue | undefined): string | undefined =>
  typeof value === "string" ? value || undefined : typeof value === "bigint" || typeof value === "number" ? String(value) : undefined;
