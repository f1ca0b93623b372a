import { logGamma } from "./chi-square.ts";

/**
 * P(X ≥ x) of Fisher's F with `a` and `b` degrees of freedom, which need not be whole: the regularised incomplete beta function I(b/2, a/2) at b/(b + a·x), by
 * its continued fraction (modified Lentz; Abramowitz & Stegun 26.5.8, 26.6.2). Relative error about 1e-10.
 */
export function fTail(x: number, a: number, b: number): number {
  if (!(a > 0) || !(b > 0)) throw new RangeError(`degrees of freedom must be above 0, got ${a} and ${b}`);
  if (x <= 0) return 1;
  return incompleteBeta(b / (b + a * x), b / 2, a / 2);
}

function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it the other tail is computed.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
  const tiny = 1e-300;
  let [c, d] = [1, 1 / notZero(1 - ((a + b) * x) / (a + 1), tiny)];
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    for (const term of [(m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)), (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))]) {
      d = 1 / notZero(1 + term * d, tiny);
      c = notZero(1 + term / c, tiny);
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return Math.min(1, front * fraction);
}

const notZero = (value: number, tiny: number): number => (Math.abs(value) < tiny ? tiny : value);
