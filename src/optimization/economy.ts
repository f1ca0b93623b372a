/** Windows between comparisons before one has shown what they bring, and at most. */
const [firstInterval, longestInterval] = [14, 60];

/** A comparison that was made: when, and the gain it showed (a share of the champion's loss; null: it came to none). */
export interface Comparison {
  readonly time: number;
  readonly gain: number | null;
}

/**
 * Windows until the next comparison pays, from what the earlier ones brought. A model that falls behind by a share g of its loss in L windows loses g/L more in
 * each window; with a training at the price c (in the loss of one window) the sum of both is least at √(2·c·L/g) windows, as with an economic order quantity
 * (Harris 1913; for retraining: Mahadevan & Mathioudakis 2023, "Cost-effective retraining of machine learning models"). One that brought nothing
 * makes the interval half as long again.
 *
 * @param start when the watch began, ms
 * @param window length of a window, ms
 * @param cost what a training may cost, as a share of the loss of one window
 */
export function comparisonInterval(comparisons: readonly Comparison[], start: number, window: number, cost: number, least: number): number {
  let interval = firstInterval;
  let before = start;
  for (const { time, gain } of comparisons) {
    const gap = Math.max(1, (time - before) / window);
    interval = gain !== null && gain > 0 ? Math.sqrt((2 * cost * gap) / gain) : interval * 1.5;
    interval = Math.min(longestInterval, Math.max(least, interval));
    before = time;
  }
  return interval;
}

/** Trainings that are saved up at first, and at most. */
const [savedAtFirst, mostSaved] = [4, 8];

/**
 * How many retrainings a budget allows now: so many a window, saved up while none is needed.
 *
 * @param times when the earlier ones were, ms, ascending
 */
export function retrainingsSaved(times: readonly number[], start: number, now: number, window: number, budget: number): number {
  let saved = savedAtFirst;
  let at = start;
  const until = (time: number): void => {
    saved = Math.min(mostSaved, saved + Math.max(0, (time - at) / window) * budget);
    at = Math.max(at, time);
  };
  for (const time of times) {
    until(time);
    saved -= 1;
  }
  until(now);
  return saved;
}
