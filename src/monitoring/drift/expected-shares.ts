import { neighbours, type CycleName } from "./cycles.ts";

/** Rows of a reference by season: for each slot the rows in each bin. */
export interface SlotTable {
  readonly cycles: readonly CycleName[];
  readonly bins: number;
  /** Slot-major, slots × bins. */
  readonly counts: ArrayLike<number>;
}

/** What a window is compared with. */
export interface Expected {
  /** The share of each bin. */
  readonly shares: Float64Array;
  /** As many rows of one distribution would tell as much. */
  readonly rows: number;
}

/**
 * Where the rows of a window would lie if each were drawn from the reference's rows of its own season (direct standardisation: the shares of the slots, weighted
 * by the window's rows in them). A slot of which the reference has no rows is taken from all of them.
 *
 * @param mix the window's rows in each slot
 * @param own rows of the window itself in each slot and bin, where it is part of the reference: they are left out
 */
export function expectedShares(table: SlotTable, mix: ReadonlyMap<number, number>, own?: ReadonlyMap<number, ArrayLike<number>>): Expected {
  const { bins, counts, cycles } = table;
  const shares = new Float64Array(bins);
  let whole: Float64Array | undefined;
  const total = [...mix.values()].reduce((sum, rows) => sum + rows, 0);
  let uncertainty = 0;
  for (const [slot, rows] of mix) {
    let found: Float64Array = new Float64Array(bins);
    for (const near of neighbours(cycles, slot)) {
      const left = own?.get(near);
      for (let bin = 0; bin < bins; bin++) found[bin] += counts[near * bins + bin] - (left?.[bin] ?? 0);
    }
    let there = sum(found);
    if (there <= 0) {
      whole ??= wholeOf(table, own);
      found = whole;
      there = sum(found);
      if (there <= 0) continue;
    }
    const weight = rows / total;
    for (let bin = 0; bin < bins; bin++) shares[bin] += (weight * found[bin]) / there;
    uncertainty += weight ** 2 / there;
  }
  return { shares, rows: uncertainty > 0 ? Math.min(1 / uncertainty, sum(counts)) : 0 };
}

function wholeOf({ bins, counts }: SlotTable, own: ReadonlyMap<number, ArrayLike<number>> | undefined): Float64Array {
  const whole = new Float64Array(bins);
  for (let at = 0; at < counts.length; at++) whole[at % bins] += counts[at];
  for (const left of own?.values() ?? []) for (let bin = 0; bin < bins; bin++) whole[bin] -= left[bin];
  return whole;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < values.length; at++) total += values[at];
  return total;
}
