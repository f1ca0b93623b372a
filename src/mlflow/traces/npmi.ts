import type { Together } from "../../tracking/traces/search-traces.ts";

/**
 * Normalized pointwise mutual information of two conditions, ln(p(a,b) / (p(a) p(b))) / -ln p(a,b) (Bouma 2009): 1 always together, 0
 * independent, -1 never together, NaN where one of them never holds. `prior` is added to each of the four cells (Jeffreys: 0.5).
 */
export function npmi({ all, first, second, both }: Together, prior: number): number {
  if (first === 0 || second === 0) return Number.NaN;
  const [together, total] = [both + prior, all + 4 * prior];
  if (together === 0) return -1;
  if (both === all) return 1;
  const logs = Math.log(together) + Math.log(total) - Math.log(first + 2 * prior) - Math.log(second + 2 * prior);
  return Math.max(-1, Math.min(1, logs / (Math.log(total) - Math.log(together))));
}
