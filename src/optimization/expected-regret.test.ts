import { describe, expect, test } from "vitest";
import { seededRandom } from "../training/random.ts";
import { learn, learnAnew, surenessOf, worthOfLook } from "./expected-regret.ts";

test("what is learnt is the mean of belief and data by their precisions", () => {
  // Precisions 4 and 10/5 = 2: the mean is (4·1 + 2·4)/6, its variance 1/6.
  const belief = learn({ mean: 1, sd: 0.5 }, { n: 10, mean: 4, variance: 5 });
  expect(belief.mean).toBeCloseTo(2, 12);
  expect(belief.sd ** 2).toBeCloseTo(1 / 6, 12);
});

test("no data change nothing, and data in any order and any parts give one belief", () => {
  const prior = { mean: 0, sd: 2 };
  expect(learn(prior, { n: 0, mean: 9, variance: 1 })).toEqual(prior);
  const [a, b] = [{ n: 4, mean: 3, variance: 2 }, { n: 8, mean: -1, variance: 2 }];
  const whole = learn(prior, { n: 12, mean: (4 * 3 - 8) / 12, variance: 2 });
  for (const parts of [[a, b], [b, a]]) {
    const belief = parts.reduce(learn, prior);
    expect(belief.mean).toBeCloseTo(whole.mean, 12);
    expect(belief.sd).toBeCloseTo(whole.sd, 12);
  }
});

test("data that refute a belief of other times replace it; others are learnt from", () => {
  const belief = { mean: 6000, sd: 500 };
  expect(learnAnew(belief, { n: 25, mean: -4000, variance: 1e6 })).toEqual({ mean: -4000, sd: 200 });
  expect(learnAnew(belief, { n: 25, mean: 5000, variance: 1e6 })).toEqual(learn(belief, { n: 25, mean: 5000, variance: 1e6 }));
  expect(learnAnew(belief, { n: 0, mean: 0, variance: 0 })).toEqual(belief);
});

test.each([
  [0, 1, 0.5],
  [1.959964, 1, 0.975],
  [-2.326348, 1, 0.01],
])("a belief of mean %d and deviation %d is better with probability %d", (mean, sd, expected) => expect(surenessOf({ mean, sd })).toBeCloseTo(expected, 6));

describe("a look is worth", () => {
  const stakes = { horizon: 1000, next: 50, variance: 4, wait: 50, share: 0.1 };

  test("what a simulation of it says", () => {
    const belief = { mean: 0.1, sd: 0.3 };
    const random = seededRandom(9);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let [regret, gain, draws] = [0, 0, 200_000];
    for (let i = 0; i < draws; i++) {
      const truth = belief.mean + belief.sd * normal();
      const seen = learn(belief, { n: stakes.next, mean: truth + Math.sqrt(stakes.variance / stakes.next) * normal(), variance: stakes.variance });
      regret += Math.max(0, -truth);
      gain += Math.max(0, seen.mean) - belief.mean;
    }
    const worth = worthOfLook(belief, stakes);
    expect(worth.regret / stakes.horizon).toBeCloseTo(regret / draws, 2);
    expect(worth.gain / stakes.horizon).toBeCloseTo(gain / draws, 2);
    expect(worth.price).toBeCloseTo(50 * 0.9 * 0.1, 12);
  });

  test("nothing where no label comes, and less the surer the belief", () => {
    expect(worthOfLook({ mean: 0.1, sd: 0.3 }, { ...stakes, next: 0 }).gain).toBe(0);
    const gains = [0, 0.3, 0.6, 1.2].map((mean) => worthOfLook({ mean, sd: 0.3 }, stakes).gain);
    expect(gains).toEqual(gains.toSorted((a, b) => b - a));
  });

  test("cheap while the challenger, which has the smaller share, seems the worse one", () => {
    const [better, worse] = [0.2, -0.2].map((mean) => worthOfLook({ mean, sd: 0.3 }, stakes));
    expect(worse.price).toBeCloseTo(better.price / 9, 12);
    expect(worse.gain).toBeCloseTo(better.gain, 12);
  });
});
