import type { DriftMethod, DriftReport, FeatureDrift, FeatureReference, MonitorConfig, TimeWindow } from "../types.ts";
import { adjustForMany, chanceOf } from "./chance.ts";
import type { CycleName } from "./cycles.ts";
import { jensenShannon, psi } from "./distances.ts";
import { expectedShares } from "./expected-shares.ts";
import type { BinCounts } from "./reference.ts";

/** A feature of a window beside its reference, before it is judged among the others. */
export interface Compared {
  readonly found: Omit<FeatureDrift, "drifted" | "gaps"> & { readonly chance: number; readonly unseen: number };
  /** How often chance alone gives so much more that is missing or unseen. */
  readonly chanceOfGaps: number;
}

/** What is counted of a feature in a window. */
export interface WindowCounts extends BinCounts {
  /** The window's rows in each slot of the seasons the feature is compared by; empty where it has none. */
  readonly mix: ReadonlyMap<number, number>;
  /** Rows whose value lies farther off than the feature's own movement would reach (`reachOf`). */
  readonly beyond: number;
  /** The window before, where it is known by the same bins: its rows in each bin, missing and unseen last. */
  readonly before: readonly number[] | undefined;
}

/**
 * Sets a window beside the reference: beside the rows of its own seasons where those explain the feature, else beside all.
 *
 * @param rows rows of the reference
 */
export function compareWindow(method: DriftMethod, one: FeatureReference, rows: number, { counts, missing, unseen, mix, beyond, before }: WindowCounts): Compared {
  const { time } = one;
  const seasonal = time !== undefined && time.cycles.length > 0;
  const all = counts.reduce((sum, count) => sum + count, missing + unseen);
  const there = all - missing - unseen;
  const live = [...counts, missing, unseen];
  const matched = seasonal ? expectedShares({ cycles: time.cycles, bins: one.shares.length + 1, counts: time.slots.flat() }, mix) : undefined;
  const trained = matched ? [...matched.shares, 0] : [...one.shares.map((share) => share * (1 - one.missing)), one.missing, 0];
  const trainedRows = matched ? trained.map((share) => share * matched.rows) : trained.map((share) => Math.round(share * rows));
  const missingBefore = trainedRows.at(-2)!;
  const missingReference = trained.at(-2)!;
  const distanceOf = method === "psi" ? psi : jensenShannon;
  const now = live.map((count) => count / all);
  const step = time?.unsettled && before ? distanceOf(sharesOf(before), now) : undefined;
  const found = {
    feature: one.name,
    distance: distanceOf(trained, now),
    chance: !time?.unsettled ? chanceOf(trainedRows, live, time?.spread) : before && time.unsettled.step ? chanceOf(before, live, time.unsettled.step) : 1,
    missing: missing / all,
    missingReference,
    unseen: unseen / all,
    shares: counts.map((count) => count / Math.max(1, there)),
    ...(seasonal && { cycles: time.cycles, expected: trained.slice(0, -2).map((share) => share / Math.max(Number.MIN_VALUE, 1 - missingReference)) }),
    ...(time?.unsettled && { unsettled: true, ...(step !== undefined && { step }) }),
    ...(beyond > 0 && { beyond: beyond / all }),
    ...(one.effect !== undefined && { effect: one.effect }),
  };
  return { found, chanceOfGaps: chanceOf([(matched?.rows ?? rows) - missingBefore, missingBefore], [there, missing + unseen]) };
}

const sharesOf = (counts: readonly number[]): number[] => {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / Math.max(1, all));
};

/**
 * The rows of the window before in each bin, missing and unseen last: of the report before, where it is of the same version and ends where this window begins;
 * else of the newest window of the reference, where that is no more than a window away. Asked for unsettled features alone.
 */
export function windowBefore(one: FeatureReference, window: TimeWindow, report: DriftReport | undefined, version: number): readonly number[] | undefined {
  const known = report?.version === version && report.end === window.from ? [...report.features, ...(report.prediction ? [report.prediction] : [])].find(({ feature }) => feature === one.name) : undefined;
  if (report && known) {
    const { missing, unseen = 0, shares } = known;
    return [...shares.map((share) => share * (1 - missing - unseen)), missing, unseen].map((share) => Math.round(share * report.rows));
  }
  const unsettled = one.time?.unsettled;
  return unsettled && window.from - unsettled.until <= window.until - window.from ? [...unsettled.latest, 0] : undefined;
}

/** Which of the features have drifted, with the rate of false ones held over all of them, and of which far more is missing or unseen than in training. */
export function judgeFeatures({ threshold, falseAlarms = 0.01, gaps = 0.1 }: MonitorConfig["drift"], compared: readonly Compared[]): FeatureDrift[] {
  const chances = adjustForMany(compared.map(({ found }) => found.chance));
  const chancesOfGaps = adjustForMany(compared.map((one) => one.chanceOfGaps));
  return compared.map(({ found: one }, at) => ({
    ...one,
    chance: chances[at],
    drifted: ((one.unsettled ? (one.step ?? 0) : one.distance) >= threshold && chances[at] <= falseAlarms) || (one.beyond ?? 0) >= gaps,
    gaps: one.missing + one.unseen - one.missingReference >= gaps && chancesOfGaps[at] <= falseAlarms && one.effect !== 0,
  }));
}

/**
 * How far the values of a number may lie by now, had it gone on as in its reference: as far beyond the range as it went in the reference's time, and once more.
 * Undefined where its range is not known.
 */
export function reachOf(one: FeatureReference, span: TimeWindow | undefined, until: number): { readonly low: number; readonly high: number } | undefined {
  const [min, max] = one.type === "number" ? [one.edges[0], one.edges.at(-1)] : [];
  if (min === undefined || max === undefined || !span || !(span.until > span.from)) return undefined;
  const far = (max - min) * (1 + Math.max(0, until - span.until) / (span.until - span.from));
  return { low: min - far, high: max + far };
}

/** The share of features that drifted, each weighted by what it does to the model's answers; equally where that is not known of all of them. */
export function driftedShare(features: readonly FeatureDrift[]): number {
  const known = features.every(({ effect }) => effect !== undefined);
  const weight = ({ effect = 1 }: FeatureDrift): number => (known ? effect : 1);
  const total = features.reduce((sum, one) => sum + weight(one), 0);
  return total === 0 ? 0 : features.reduce((sum, one) => (one.drifted ? sum + weight(one) : sum), 0) / total;
}

/** The seasons that windows are to be counted by, each once. */
export const seasonsOf = (references: readonly FeatureReference[]): readonly (readonly CycleName[])[] => [
  ...new Map(references.flatMap(({ time }) => (time && time.cycles.length > 0 ? [[time.cycles.join(" "), time.cycles] as const] : []))).values(),
];
