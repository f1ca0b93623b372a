import type { Counter, Family, Histogram, MetricsRegistry } from "./metrics.ts";
import { VersionCounts } from "./model-statistics.ts";
import type { Phases } from "./model-statistics.ts";

/** How a request ended: answered, failed in the model, or refused because the client sent the wrong thing. */
export type Outcome = "ok" | "error" | "invalid";

/** Milliseconds of the latest answers of one variant (up to 1024); null before the first. */
export interface LatencySummary {
  readonly p50: number | null;
  readonly p99: number | null;
}

const recentAnswers = 1024;
const durationBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts of one variant of an endpoint. */
export class VariantStats {
  /** Answers and failures of the model; requests the client got wrong are in the metrics only. */
  requests = 0;
  errors = 0;
  readonly counts = new VersionCounts();
  /** Categories that the model does not know, by input. */
  readonly unseen = new Map<string, number>();
  readonly #counters: Readonly<Record<Outcome, Counter>>;
  readonly duration: Histogram;
  readonly #rows: Counter;
  readonly #recent = new Float64Array(recentAnswers);
  #answers = 0;

  constructor(counters: Readonly<Record<Outcome, Counter>>, duration: Histogram, rows: Counter) {
    this.#counters = counters;
    this.duration = duration;
    this.#rows = rows;
  }

  /** A request ended without an answer. */
  failed(outcome: "error" | "invalid", seconds: number): void {
    this.#counters[outcome].add(1);
    this.counts.failed(seconds * 1000);
    if (outcome === "invalid") {
      this.counts.invalid++;
      return;
    }
    this.requests++;
    this.errors++;
  }

  /** A request was answered. */
  answered(rows: number, phases: Phases): void {
    const seconds = (phases.inputMs + phases.queueMs + phases.runMs + phases.outputMs) / 1000;
    this.#counters.ok.add(1);
    this.counts.succeeded(rows, phases);
    this.requests++;
    this.#rows.add(rows);
    this.duration.observe(seconds);
    this.#recent[this.#answers++ % recentAnswers] = seconds * 1000;
  }

  /** Categories in an answered request that the model does not know. */
  metUnseen(elements: ReadonlyMap<string, readonly number[]>): void {
    for (const [name, { length }] of elements) this.unseen.set(name, (this.unseen.get(name) ?? 0) + length);
  }

  latency(): LatencySummary {
    if (this.#answers === 0) return { p50: null, p99: null };
    const sorted = this.#recent.slice(0, Math.min(this.#answers, recentAnswers)).sort();
    const quantile = (q: number) => sorted[Math.ceil(q * sorted.length) - 1];
    return { p50: round(quantile(0.5)), p99: round(quantile(0.99)) };
  }
}

const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

/** The counts of every variant, by endpoint, version and variant, as long as it is served. */
export interface VariantBook<T> {
  (endpoint: string, version: string, variant: string): T;
  /** Forgets those that are not served, and keeps no new ones of them. */
  retain(served: IsServed): void;
}

/** Whether this variant is served. */
export type IsServed = (endpoint: string, version: string, variant: string) => boolean;

type Of = Parameters<IsServed>;

/** A book of what `make` makes, which counts in `families`. */
export function variantBook<T>(make: (...of: Of) => T, families: readonly Pick<Family<unknown>, "retain">[]): VariantBook<T> {
  const book = new Map<string, { readonly of: Of; readonly one: T }>();
  let served: IsServed = () => true;
  const look = (...of: Of): T => {
    const key = JSON.stringify(of);
    const known = book.get(key);
    if (known) return known.one;
    const one = make(...of);
    if (served(...of)) book.set(key, { of, one });
    return one;
  };
  const retain = (next: IsServed): void => {
    served = next;
    for (const [key, { of }] of book) if (!served(...of)) book.delete(key);
    for (const family of families) family.retain(([endpoint, version, variant]) => served(endpoint, version, variant));
  };
  return Object.assign(look, { retain });
}

/** The counts of every variant; they outlive revisions of the configuration in which it stays. */
export function variantStatsBook(metrics: MetricsRegistry): VariantBook<VariantStats> {
  const labels = ["endpoint", "version", "variant"];
  const requests = metrics.counter(
    "millrace_inference_requests_total",
    "Requests scored, by how they ended (ok, error: the model failed, invalid: the request was wrong).",
    [...labels, "status"],
  );
  const duration = metrics.histogram(
    "millrace_inference_duration_seconds",
    "Time from the whole request read to its answer ready.",
    labels,
    durationBounds,
  );
  const rows = metrics.counter("millrace_inference_rows_total", "Rows scored.", labels);
  const make = (...of: Of): VariantStats =>
    new VariantStats({ ok: requests(...of, "ok"), error: requests(...of, "error"), invalid: requests(...of, "invalid") }, duration(...of), rows(...of));
  return variantBook(make, [requests, duration, rows]);
}
