import type { Traffic, TrafficSpan } from "../traffic.ts";

export interface TrafficRow {
  readonly version: number;
  readonly variant: string;
  readonly requests: number;
  readonly errors: number;
}

/** What each variant of each version was asked in all spans together, newest version first. */
export function trafficByVariant(spans: readonly TrafficSpan[]): TrafficRow[] {
  return [...Map.groupBy(spans, ({ version, variant }) => `${version} ${variant}`).values()]
    .map((of) => ({ version: of[0].version, variant: of[0].variant, requests: sum(of, "requests"), errors: sum(of, "errors") }))
    .toSorted((one, other) => other.version - one.version || one.variant.localeCompare(other.variant));
}

/**
 * Time, requests and errors of all variants together, span by span without gaps (a span in which nobody asked has 0), and the latency of each span: the highest
 * of its variants', as quantiles of several cannot be added.
 */
export function trafficOverTime({ spans, width }: Traffic): { readonly x: number[]; readonly requests: number[]; readonly errors: number[]; readonly p50: (number | null)[]; readonly p99: (number | null)[] } {
  const byStart = Map.groupBy(spans, ({ start }) => start);
  const [first, last] = [spans[0]?.start, spans.at(-1)?.start];
  const starts = first === undefined || last === undefined ? [] : Array.from({ length: Math.round((last - first) / width) + 1 }, (_, index) => first + index * width);
  const at = starts.map((start) => byStart.get(start) ?? []);
  const highest = (of: readonly TrafficSpan[], key: "p50" | "p99"): number | null => of.reduce<number | null>((most, one) => (one[key] === null ? most : Math.max(most ?? 0, one[key])), null);
  return {
    x: starts.map((start) => start / 1000),
    requests: at.map((of) => sum(of, "requests")),
    errors: at.map((of) => sum(of, "errors")),
    p50: at.map((of) => highest(of, "p50")),
    p99: at.map((of) => highest(of, "p99")),
  };
}

const sum = (spans: readonly TrafficSpan[], key: "requests" | "errors"): number => spans.reduce((total, span) => total + span[key], 0);
