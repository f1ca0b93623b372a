/** A difference and the interval around it. */
export interface DifferenceInterval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/** An interval of a single pair has no end; a scale that had to reach it would show nothing else. */
const endless = 1e300;

/** Where a scale must end to show all intervals that have an end. */
export const widestOf = (intervals: readonly Pick<DifferenceInterval, "low" | "high">[]): number =>
  Math.max(Number.MIN_VALUE, ...intervals.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]).filter((size) => size < endless));

/** Whether an interval says anything. */
export const hasEnd = ({ low, high }: Pick<DifferenceInterval, "low" | "high">): boolean => Math.abs(low) < endless && Math.abs(high) < endless;
