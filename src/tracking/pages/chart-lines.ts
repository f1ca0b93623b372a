import type { ZoomLine } from "../../ui/charts/zoom-chart.tsx";
import type { Series } from "../series.ts";

export type Axis = "step" | "time" | "relative";

/** A run as a chart draws it. */
export interface DrawnRun {
  readonly id: string;
  readonly name: string;
  readonly color: string;
  readonly startedAt: number;
}

/** Where a point stands: its step, seconds since 1970, or seconds since its run began. */
export const placeOnAxis = (axis: Axis, run: Pick<DrawnRun, "startedAt">, step: number, time: number): number => (axis === "step" ? step : axis === "time" ? time / 1000 : (time - run.startedAt) / 1000);

/** A range of the axis as the API asks for it. */
export const rangeToAsk = (axis: Axis, run: Pick<DrawnRun, "startedAt">, range: readonly [number, number] | null): { axis: "step" | "time"; from?: number; to?: number } => {
  const asked = axis === "step" ? ("step" as const) : ("time" as const);
  if (!range) return { axis: asked };
  const [from, to] = axis === "step" ? range : range.map((seconds) => seconds * 1000 + (axis === "relative" ? run.startedAt : 0));
  return { axis: asked, from: Math.floor(from), to: Math.ceil(to) };
};

/**
 * Exponential smoothing as TensorBoard draws it: each value pulled towards the mean of those before by `weight` (0 to 1), and freed of the
 * pull towards zero at the beginning (Kingma & Ba, "Adam", section 3). Gaps stay gaps.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let [mean, seen] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    mean = mean * weight + (1 - weight) * value;
    seen += 1;
    return weight === 0 ? value : mean / (1 - weight ** seen);
  });
}

/** Series of several runs over one x: the lines, and which point of which run stands where. */
export function linesOf(runs: readonly DrawnRun[], series: readonly (Series | undefined)[], options: { axis: Axis; weight: number; logarithmic: boolean }): { x: number[]; lines: ZoomLine[] } {
  const { axis, weight, logarithmic } = options;
  const drawn = runs.flatMap((run, index) => {
    const one = series[index];
    if (!one || one.steps.length === 0) return [];
    const places = one.steps.map((step, at) => placeOnAxis(axis, run, step, one.times[at]));
    // Time need not go the way steps do: a run that was resumed may have logged a step again.
    const order = places.map((_, at) => at).toSorted((a, b) => places[a] - places[b] || a - b);
    const sorted = (values: readonly (number | null)[]): (number | null)[] => order.map((at) => (logarithmic && (values[at] ?? 1) <= 0 ? null : values[at]));
    const mean = sorted(one.mean);
    return [{ run, x: order.map((at) => places[at]), mean, shown: smooth(mean, weight), ...(one.exact ? {} : { low: sorted(one.low), high: sorted(one.high) }) }];
  });
  const x = drawn.length === 1 ? drawn[0].x : [...new Set(drawn.flatMap((one) => one.x))].toSorted((a, b) => a - b);
  const at = drawn.length === 1 ? undefined : new Map(x.map((place, index) => [place, index]));
  const lines = drawn.map(({ run, x: own, mean, shown, low, high }): ZoomLine => {
    // A point of another run is no gap (undefined), one that is not finite is (null).
    const aligned = (values: readonly (number | null)[]): readonly (number | null | undefined)[] => {
      if (!at) return values;
      const all: (number | null | undefined)[] = Array.from({ length: x.length });
      own.forEach((place, index) => (all[at.get(place)!] = values[index]));
      return all;
    };
    return { name: run.name, color: run.color, values: aligned(shown), ...(weight > 0 ? { faint: aligned(mean) } : {}), ...(low && high ? { low: aligned(low), high: aligned(high) } : {}) };
  });
  return { x, lines };
}

/** A series with points that came after it; undefined when there are so many that it must be read anew. */
export function appended(series: Series, news: { readonly steps: readonly number[]; readonly times: readonly number[]; readonly values: readonly (number | string)[] }): Series | undefined {
  if (series.steps.length + news.steps.length > 4000) return undefined;
  const last = series.steps.at(-1) ?? Number.NEGATIVE_INFINITY;
  // What was read while the stream began may come once more by the stream.
  const fresh = news.steps.map((_, at) => at).filter((at) => news.steps[at] > last || (news.steps[at] === last && news.times[at] > (series.times.at(-1) ?? 0)));
  const values = fresh.map((at) => (Number.isFinite(Number(news.values[at])) ? Number(news.values[at]) : null));
  if (values.includes(null)) return undefined;
  const more = (old: readonly (number | null)[]): (number | null)[] => [...old, ...values];
  return {
    ...series,
    points: series.points + fresh.length,
    steps: [...series.steps, ...fresh.map((at) => news.steps[at])],
    times: [...series.times, ...fresh.map((at) => news.times[at])],
    low: more(series.low),
    high: more(series.high),
    mean: more(series.mean),
  };
}

/** The colours of up to fifty runs: neighbours differ most, and each is readable on light and dark. */
export const colorOf = (index: number): string =>
  ["var(--water)", "var(--copper)", "var(--plum)", "var(--good)", "var(--bad)"][index] ?? `light-dark(hsl(${Math.round(index * 137.5) % 360} 65% 36%), hsl(${Math.round(index * 137.5) % 360} 65% 70%))`;
