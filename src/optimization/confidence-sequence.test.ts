import { expect, test } from "vitest";
import { seededRandom } from "../training/random.ts";
import { confidenceSequence } from "./confidence-sequence.ts";

test("golden number: σ = 1, N = N* = 5000, α = 0.05", () => {
  // The project's reference, computed with numpy 2.4.6 by the formula GrowthBook documents: ρ = 0.03984006677137368.
  expect(confidenceSequence(5000, 1, 0.05, 5000)).toBeCloseTo(0.04292433718826846, 14);
});

test("it scales with σ, narrows with n, and widens as α falls", () => {
  expect(confidenceSequence(100, 3, 0.1, 50)).toBeCloseTo(3 * confidenceSequence(100, 1, 0.1, 50), 12);
  const widths = [10, 100, 1000, 10_000].map((n) => confidenceSequence(n, 1, 0.05, 100));
  expect([...widths].sort((a, b) => b - a)).toEqual(widths);
  expect(confidenceSequence(100, 1, 0.01, 100)).toBeGreaterThan(confidenceSequence(100, 1, 0.1, 100));
  // About 1.5 times the fixed-sample interval 1.96/√n at n = N*: the price of looking whenever one likes.
  expect(confidenceSequence(5000, 1, 0.05, 5000) / (1.959964 / Math.sqrt(5000))).toBeCloseTo(1.5486, 3);
});

test("who looks after every observation is wrong no more often than α (A/A)", () => {
  const [runs, length, alpha] = [1000, 300, 0.1];
  const random = seededRandom(20);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let [wrong, fixed] = [0, 0];
  for (let run = 0; run < runs; run++) {
    let [sum, squares, outside, outsideFixed] = [0, 0, false, false];
    for (let n = 1; n <= length; n++) {
      const value = normal();
      sum += value;
      squares += value * value;
      // From 24 observations on, as a canary does: before, the estimate of σ is too rough for an asymptotic sequence.
      if (n < 24) continue;
      const mean = sum / n;
      const sigma = Math.sqrt(squares / n - mean * mean);
      if (Math.abs(mean) > confidenceSequence(n, sigma, alpha, 48)) outside = true;
      if (Math.abs(mean) > (1.6449 * sigma) / Math.sqrt(n)) outsideFixed = true;
    }
    if (outside) wrong += 1;
    if (outsideFixed) fixed += 1;
  }
  expect(wrong / runs).toBeLessThanOrEqual(alpha);
  // The same peeking with the fixed-sample interval is wrong several times as often as it says: the test can tell.
  expect(fixed / runs).toBeGreaterThan(3 * alpha);
});
