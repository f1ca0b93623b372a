import type { trackingApi } from "../tracking-api.ts";

/** A trace with its spans, as the API tells it. */
export type TraceWithSpans = Awaited<ReturnType<typeof trackingApi<"GET /traces/:id">>>;
export type SaidSpan = TraceWithSpans["spans"][number];

export interface SpanRow {
  readonly span: SaidSpan;
  /** 1 for a root. */
  readonly level: number;
  readonly children: number;
  /** Milliseconds after the first span began. */
  readonly offset: number;
  /** Milliseconds; null while it runs. */
  readonly duration: number | null;
}

/**
 * Spans as rows of a tree: each after its parent, brothers as they began. A span whose parent is not there (it was not sent, or is still on the way) stands at the
 * top, and so does one of a circle of parents, so that none is missing. Rows below a folded span are left out.
 */
export function spanRows(spans: readonly SaidSpan[], folded: ReadonlySet<string> = new Set()): SpanRow[] {
  const known = new Set(spans.map(({ id }) => id));
  const below = Map.groupBy(spans, ({ parentId }) => (parentId !== null && known.has(parentId) ? parentId : null));
  const first = spans.reduce((least, { startedAt }) => (BigInt(startedAt) < least ? BigInt(startedAt) : least), BigInt(spans[0]?.startedAt ?? 0));
  const milliseconds = (from: bigint, to: bigint): number => Number(to - from) / 1e6;
  const rows: SpanRow[] = [];
  const placed = new Set<string>();
  const place = (span: SaidSpan, level: number, shown: boolean): void => {
    if (placed.has(span.id)) return;
    placed.add(span.id);
    const children = (below.get(span.id) ?? []).filter(({ id }) => !placed.has(id));
    const startedAt = BigInt(span.startedAt);
    if (shown) rows.push({ span, level, children: children.length, offset: milliseconds(first, startedAt), duration: span.endedAt === null ? null : milliseconds(startedAt, BigInt(span.endedAt)) });
    for (const child of children) place(child, level + 1, shown && !folded.has(span.id));
  };
  for (const root of below.get(null) ?? []) place(root, 1, true);
  // Parents in a circle: none of them is below a root.
  for (const span of spans) place(span, 1, true);
  return rows;
}

/** From the first beginning to the last end (or beginning) of the rows, in milliseconds; 0 where all is one moment. */
export const spanOf = (rows: readonly SpanRow[]): number => rows.reduce((most, { offset, duration }) => Math.max(most, offset + (duration ?? 0)), 0);
