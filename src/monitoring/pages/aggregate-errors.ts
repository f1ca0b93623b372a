import { addErrors, metricsOf, noErrors } from "../error-sums.ts";
import type { ErrorWindow, MonitorConfig } from "../types.ts";

/** The live error of a span of time, from the sums of its windows. */
export interface ErrorSpan {
  readonly start: number;
  readonly end: number;
  /** Labelled predictions. */
  readonly labels: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * Merges windows into spans of `length` milliseconds counted from `origin`. Metrics follow from the summed sums (an RMSE of a week is
 * not the mean of its days' RMSEs). Spans without labelled predictions are left out; the last one may be a part of a span.
 */
export function aggregateErrors(task: MonitorConfig["task"], windows: readonly ErrorWindow[], length: number, origin: number): ErrorSpan[] {
  const spans = new Map<number, { start: number; end: number; sums: ErrorWindow["sums"] }>();
  for (const window of windows) {
    const index = Math.floor((window.start - origin) / length);
    const known = spans.get(index);
    spans.set(index, {
      start: known ? Math.min(known.start, window.start) : window.start,
      end: Math.max(known?.end ?? 0, window.end),
      sums: addErrors(known?.sums ?? noErrors, window.sums),
    });
  }
  return [...spans.entries()]
    .sort(([a], [b]) => a - b)
    .filter(([, span]) => span.sums.n > 0)
    .map(([, { start, end, sums }]) => ({ start, end, labels: sums.n, metrics: metricsOf(task, sums) }));
}
