import { isFiniteKind } from "../metric-value.ts";

/** A stored point, as `metric_points` has it. */
export interface Row {
  readonly step: number;
  readonly time: number;
  readonly value: number;
  readonly kind: number;
}

/** What `metric_sums` keeps of consecutive points; all between `from` and `until` (by step, then time; `until` is not in it) are in it. */
export interface Sum {
  readonly from_step: number;
  readonly from_time: number;
  readonly until_step: number;
  readonly until_time: number;
  readonly first_step: number;
  readonly last_step: number;
  /** The least and the greatest time: these need not go the way steps do. */
  readonly first_time: number;
  readonly last_time: number;
  readonly points: number;
  readonly finite: number;
  /** The sum of the finite values but the huge ones, and of these a part (`hugeScale`), for the sum of values near the end of what a double holds has none. */
  readonly total: number;
  readonly huge: number;
  /** The least and the greatest finite value, and the first step of each; null when there is none. */
  readonly low: number | null;
  readonly low_step: number | null;
  readonly high: number | null;
  readonly high_step: number | null;
  /** NaN, +∞ and −∞: how many and the first step. */
  readonly nan_points: number;
  readonly nan_step: number | null;
  readonly up_points: number;
  readonly up_step: number | null;
  readonly down_points: number;
  readonly down_step: number | null;
  /** 1 when points have come into it since; its numbers then mean nothing but its bounds. */
  readonly stale: number;
}

/** A place in the order of a history: by step, then time. */
export type Place = readonly [step: number, time: number];

/** No point is before it. */
export const beginning: Place = [Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];

export const isBefore = ([step, time]: Place, [otherStep, otherTime]: Place): boolean => (step === otherStep ? time < otherTime : step < otherStep);

/** So many points go into one sum; more only where they have the same step and time. */
export const pointsPerSum = 128;
/** Values above this (either sign) are summed as `value / hugeScale`, so that no sum of 10¹⁷ of them overflows. */
export const hugeFrom = 1e290;
export const hugeScale = 1e18;

/** The mean of finite values from their two sums; null of none. */
export const meanOf = (finite: number, total: number, huge: number): number | null => (finite === 0 ? null : total / finite + (huge / finite) * hugeScale);

/**
 * Sums of points in order, from `from` on. `last` says that no other point follows before `until`; else the points after the last sum that is sure to be
 * whole are left: the next would have the same step and time perhaps.
 */
export function sumUp(rows: readonly Row[], from: Place, last: { readonly until: Place } | null): Sum[] {
  const sums: Sum[] = [];
  let [begin, place] = [0, from];
  for (let end = 1; end <= rows.length; end++) {
    const next = rows.at(end);
    const enough = end - begin >= pointsPerSum && next !== undefined && (next.step !== rows[end - 1].step || next.time !== rows[end - 1].time);
    if (!enough && !(last && end === rows.length)) continue;
    const until: Place = next === undefined ? last!.until : [next.step, next.time];
    sums.push(sumOf(rows.slice(begin, end), place, until));
    [begin, place] = [end, until];
  }
  return sums;
}

/** The sum of points in order, at least one, from a place up to another. */
export function sumOf(rows: readonly Row[], [from_step, from_time]: Place, [until_step, until_time]: Place): Sum {
  let [first_time, last_time, finite, total, huge] = [Infinity, -Infinity, 0, 0, 0];
  let [low, low_step, high, high_step]: (number | null)[] = [null, null, null, null];
  const odd = new Map<number, { points: number; step: number }>();
  for (const { step, time, value, kind } of rows) {
    first_time = Math.min(first_time, time);
    last_time = Math.max(last_time, time);
    if (!isFiniteKind(kind)) {
      const known = odd.get(kind);
      if (known) known.points += 1;
      else odd.set(kind, { points: 1, step });
      continue;
    }
    finite += 1;
    if (Math.abs(value) > hugeFrom) huge += value / hugeScale;
    else total += value;
    if (low === null || value < low) [low, low_step] = [value, step];
    if (high === null || value > high) [high, high_step] = [value, step];
  }
  const [nan, up, down] = [2, 1, -1].map((kind) => odd.get(kind) ?? { points: 0, step: null });
  return {
    from_step,
    from_time,
    until_step,
    until_time,
    first_step: rows[0].step,
    last_step: rows.at(-1)!.step,
    first_time,
    last_time,
    points: rows.length,
    finite,
    total,
    huge,
    low,
    low_step,
    high,
    high_step,
    nan_points: nan.points,
    nan_step: nan.step,
    up_points: up.points,
    up_step: up.step,
    down_points: down.points,
    down_step: down.step,
    stale: 0,
  };
}
