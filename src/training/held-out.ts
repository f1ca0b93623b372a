import { inTimeOrder } from "./holdout.ts";
import { drawToFront, seededRandom } from "./random.ts";

/**
 * Rows of a training table to choose by: a share of them, the newest where each row has a time, else drawn. At least one row is held and one is left.
 *
 * @param rows how many rows there are, at least 2
 * @param times the time of each row; absent or all alike: there is no order
 * @returns the numbers of the rows held, ascending
 */
export function heldOut(rows: number, share: number, times: Float64Array | undefined, seed: number): Int32Array {
  const count = Math.min(rows - 1, Math.max(1, Math.round(rows * share)));
  if (times !== undefined && times.some((time) => time !== times[0])) {
    return Int32Array.from(inTimeOrder(times).subarray(rows - count)).sort();
  }
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  drawToFront(all, count, seededRandom(seed));
  return all.slice(0, count).sort();
}
