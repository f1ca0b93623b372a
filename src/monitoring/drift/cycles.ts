import { day } from "../../clock.ts";

/** A season: what comes again after a period, cut into slots of equal length, by UTC. */
interface Cycle {
  /** Milliseconds. */
  readonly period: number;
  readonly slots: number;
}

/** The seasons that are looked for. A year is the Gregorian mean, its slots two weeks. */
export const cycles = {
  hour: { period: day, slots: 24 },
  weekday: { period: 7 * day, slots: 7 },
  hour_of_week: { period: 7 * day, slots: 168 },
  year: { period: 365.2425 * day, slots: 26 },
} as const satisfies Record<string, Cycle>;

export type CycleName = keyof typeof cycles;

/** How far into a period a point in time is, both ms. */
export const phaseOf = (time: number, period: number): number => ((time % period) + period) % period;

/** The slot of a point in time (ms): of several seasons the product of their slots, the first one slowest. Of none: 0. */
export function slotOf(names: readonly CycleName[], time: number): number {
  let slot = 0;
  for (const name of names) {
    const { period, slots } = cycles[name];
    slot = slot * slots + Math.floor((phaseOf(time, period) * slots) / period);
  }
  return slot;
}

/** `slotOf` in SQL, of an expression that is milliseconds since 1970. */
export function slotSql(names: readonly CycleName[], time: string): string {
  return names.reduce((slot, name) => {
    const { period, slots } = cycles[name];
    const phase = `((((${time})::DOUBLE % ${period}::DOUBLE) + ${period}::DOUBLE) % ${period}::DOUBLE)`;
    return `(${slot} * ${slots} + floor(${phase} * ${slots} / ${period}::DOUBLE)::BIGINT)`;
  }, "0");
}

export const slotsOf = (names: readonly CycleName[]): number => names.reduce((product, name) => product * cycles[name].slots, 1);

/**
 * The slots whose rows a row of this one is compared with: itself, and of the time of year the two weeks before and after, since a season does not come on
 * the day.
 */
export function neighbours(names: readonly CycleName[], slot: number): readonly number[] {
  if (names.at(-1) !== "year") return [slot];
  const { slots } = cycles.year;
  const of = slot - (slot % slots);
  return [slot, of + ((slot + 1) % slots), of + ((slot - of + slots - 1) % slots)];
}
