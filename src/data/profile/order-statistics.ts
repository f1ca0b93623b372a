const buckets = 1 << 16;

/** NaN and infinite values apart, and how many are −∞ before and +∞ behind the others. */
interface Finite {
  readonly values: Float64Array;
  readonly below: number;
  readonly above: number;
}

function finiteOf(all: Float64Array): Finite {
  const values = new Float64Array(all.length);
  let [count, below, above] = [0, 0, 0];
  for (let row = 0; row < all.length; row++) {
    const value = all[row];
    if (value - value === 0) values[count++] = value;
    else if (value === Infinity) above++;
    else if (value === -Infinity) below++;
  }
  return { values: values.subarray(0, count), below, above };
}

/**
 * Quantiles of numbers at shares from 0 to 1, interpolated linearly between order statistics (NumPy's default), without sorting: only the values near them
 * are put in order. NaN is missing; of numbers without any value there are none.
 */
export function quantilesOf(all: Float64Array, shares: readonly number[]): number[] {
  const { values, below, above } = finiteOf(all);
  const size = values.length + below + above;
  if (size === 0) return [];
  const ranks = new Set(shares.flatMap((share) => [Math.floor(share * (size - 1)), Math.ceil(share * (size - 1))]));
  const ofRank = orderStatistics(values, [...ranks].map((rank) => rank - below).filter((rank) => rank >= 0 && rank < values.length));
  const valueAt = (rank: number): number => (rank < below ? -Infinity : rank >= below + values.length ? Infinity : ofRank.get(rank - below)!);
  return shares.map((share) => {
    const position = share * (size - 1);
    const [low, high] = [valueAt(Math.floor(position)), valueAt(Math.ceil(position))];
    const weight = position - Math.floor(position);
    return weight === 0 || low === high ? low : low + (high - low) * weight;
  });
}

/** The values at ranks (from 0) in ascending order. */
function orderStatistics(values: Float64Array, ranks: readonly number[]): Map<number, number> {
  let [min, max] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    if (values[at] < min) min = values[at];
    if (values[at] > max) max = values[at];
  }
  const scale = (buckets - 1) / (max - min);
  if (!(scale > 0) || !Number.isFinite(scale)) return fromSorted(values.slice().sort(), ranks, 0);
  const counts = new Int32Array(buckets);
  for (let at = 0; at < values.length; at++) counts[Math.floor((values[at] - min) * scale)]++;
  // The members of every bucket that has a rank are gathered in one pass.
  const wanted = ranks.toSorted((one, other) => one - other);
  const gathered: { readonly ranks: number[]; readonly before: number; readonly members: Float64Array; taken: number }[] = [];
  const placeOf = new Int32Array(buckets);
  for (let bucket = 0, before = 0, at = 0; bucket < buckets && at < wanted.length; before += counts[bucket], bucket++) {
    const inside: number[] = [];
    for (; at < wanted.length && wanted[at] < before + counts[bucket]; at++) inside.push(wanted[at]);
    if (inside.length > 0) placeOf[bucket] = gathered.push({ ranks: inside, before, members: new Float64Array(counts[bucket]), taken: 0 });
  }
  for (let row = 0; row < values.length; row++) {
    const place = placeOf[Math.floor((values[row] - min) * scale)];
    if (place === 0) continue;
    const bucket = gathered[place - 1];
    bucket.members[bucket.taken++] = values[row];
  }
  return new Map(gathered.flatMap(({ ranks: inside, before, members }) => [...fromSorted(members.sort(), inside, before)]));
}

const fromSorted = (sorted: Float64Array, ranks: readonly number[], before: number): Map<number, number> => new Map(ranks.map((rank) => [rank, sorted[rank - before]]));
