/**
 * Half-width of an asymptotic confidence sequence for a mean (Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas 2021, Theorem 2.2; the form
 * GrowthBook documents): the interval mean ± half-width covers the true mean at all sample sizes at once with probability 1 − alpha,
 * so one may look after each observation and stop when one likes.
 *
 *   σ̂·√( 2(Nρ²+1)/(N²ρ²) · ln(√(Nρ²+1)/α) ),  ρ = √( (−2 ln α + ln(−2 ln α + 1)) / N* )
 *
 * @param n observations so far, at least 2
 * @param sigma their standard deviation
 * @param tightestAt N*: the sample size at which the sequence is tightest
 */
export function confidenceSequence(n: number, sigma: number, alpha: number, tightestAt: number): number {
  const rho2 = (-2 * Math.log(alpha) + Math.log(-2 * Math.log(alpha) + 1)) / tightestAt;
  const scale = n * rho2 + 1;
  return sigma * Math.sqrt(((2 * scale) / (n * n * rho2)) * Math.log(Math.sqrt(scale) / alpha));
}
