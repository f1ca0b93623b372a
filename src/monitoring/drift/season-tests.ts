import type { Vectors } from "./blocks.ts";
import { fTail } from "./f-tail.ts";
import { freedomOf } from "./spread.ts";

/**
 * How often chance alone makes vectors differ by their groups as much as these do: the F test of a one-way analysis of variance over all bins (Anderson 2001's
 * pseudo-F), its degrees of freedom times those of the bins (Box 1954). 1 where a group has fewer than two vectors.
 *
 * @param groups the group of each vector
 */
export function chanceOfGroups(vectors: Vectors, groups: readonly number[]): number {
  const { count, width, values } = vectors;
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  if (sizes.size < 2 || [...sizes.values()].some((size) => size < 2)) return 1;
  const [overall, means] = [new Float64Array(width), new Map([...sizes.keys()].map((group) => [group, new Float64Array(width)]))];
  for (let one = 0; one < count; one++) {
    for (let at = 0; at < width; at++) {
      overall[at] += values[one * width + at] / count;
      means.get(groups[one])![at] += values[one * width + at] / sizes.get(groups[one])!;
    }
  }
  let [between, within] = [0, 0];
  const rest = new Float64Array(values.length);
  for (let one = 0; one < count; one++) {
    const mean = means.get(groups[one])!;
    for (let at = 0; at < width; at++) {
      rest[one * width + at] = values[one * width + at] - mean[at];
      within += rest[one * width + at] ** 2;
      between += (mean[at] - overall[at]) ** 2;
    }
  }
  const [a, b] = [sizes.size - 1, count - sizes.size];
  if (between === 0) return 1;
  if (within === 0) return 0;
  const freedom = freedomOf({ count, width, values: rest });
  return fTail(between / a / (within / b), a * freedom, b * freedom);
}

/**
 * How often chance alone makes vectors that follow each other move as much in slow waves as these do: the mean energy of the cosines `from` to `to` of their
 * span (discrete cosine transform II; the n-th has n half waves) beside that of faster ones, by an F test. The faster ones are three times as fast and more where
 * there are so many, so that the overtones of a season are not held against it. Correlation of neighbours alone lifts both.
 */
export function chanceOfSlowness(vectors: Vectors, from: number, to: number): number {
  const most = vectors.count - 1;
  const fast = most >= 3 * to + 4 ? 3 * to + 1 : to + 1;
  const last = Math.min(most, fast + Math.max(6, 3 * to));
  if (fast >= last) return 1;
  const mean = (first: number, end: number): number => Array.from({ length: end - first + 1 }, (_, at) => energy(vectors, first + at)).reduce((sum, one) => sum + one, 0) / (end - first + 1);
  const [low, high] = [mean(from, to), mean(fast, last)];
  if (low === 0) return 1;
  if (high === 0) return 0;
  const freedom = freedomOf(vectors);
  return fTail(low / high, (to - from + 1) * freedom, (last - fast + 1) * freedom);
}

/** |Σ φ(b) z(b)|² with φ the cosine of so many half waves in the span. */
function energy({ count, width, values }: Vectors, wave: number): number {
  const sums = new Float64Array(width);
  for (let one = 0; one < count; one++) {
    const phi = Math.cos((Math.PI * wave * (one + 0.5)) / count);
    for (let at = 0; at < width; at++) sums[at] += phi * values[one * width + at];
  }
  return sums.reduce((sum, value) => sum + value ** 2, 0);
}
