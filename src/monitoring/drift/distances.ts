const floor = 1e-4;

/**
 * Population stability index Σ(p−q)·ln(p/q), natural log; a share of zero counts as 0.0001 (Evidently's convention, without
 * renormalising). p: reference shares, q: current shares, over the same bins.
 */
export function psi(p: readonly number[], q: readonly number[]): number {
  return sumOver(p, q, (a, b) => {
    const [x, y] = [Math.max(a, floor), Math.max(b, floor)];
    return (x - y) * Math.log(x / y);
  });
}

/** Jensen–Shannon distance: the square root of the divergence, base 2, so that it lies in [0, 1]. */
export function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const half = (a: number, b: number): number => (a === 0 ? 0 : (a / 2) * Math.log2((2 * a) / (a + b)));
  return Math.sqrt(Math.max(0, sumOver(p, q, (a, b) => half(a, b) + half(b, a))));
}

function sumOver(p: readonly number[], q: readonly number[], term: (a: number, b: number) => number): number {
  if (p.length !== q.length) throw new RangeError(`distributions over ${p.length} and ${q.length} bins cannot be compared`);
  return p.reduce((sum, a, i) => sum + term(a, q[i]), 0);
}
