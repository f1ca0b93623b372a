import { describe, expect, test } from "vitest";
import { regretsOf } from "./regret.ts";

describe("regret", () => {
  // Six periods; the concept changes at the third. A model of period 2 or later knows the new one.
  const models = Array.from({ length: 6 }, (_, period) => ({ period, losses: Array.from({ length: 6 - period }, (_, at) => (period + at < 2 || period >= 2 ? 1 : 5)) }));
  const never = { loss: 22, trainings: 0 };
  const always = { loss: 6, trainings: 5 };

  test("is what a policy costs more than one training at the right time, as a share of what always to retrain saves", () => {
    // At ρ the price is ρ·16/5, and the best schedule costs 6 and one training.
    const found = regretsOf({ never, always, loop: { loss: 10, trainings: 2 } }, models, 6);
    expect(found.map(({ rho, hindsight }) => [rho, hindsight])).toEqual([[0.25, 1], [0.5, 1], [1, 1]]);
    for (const { rho, loop, never: kept, every_window: every } of found) {
      const price = (rho * 16) / 5;
      expect(loop).toBeCloseTo((10 + 2 * price - 6 - price) / 16, 12);
      expect(kept).toBeCloseTo((22 - 6 - price) / 16, 12);
      expect(every).toBeCloseTo((4 * price) / 16, 12);
    }
    // At ρ = 1 always and never cost the same.
    expect(found[2].never).toBeCloseTo(found[2].every_window, 12);
  });

  test("is below 0 for a policy that did better than the models of any schedule", () => {
    expect(regretsOf({ never, always, loop: { loss: 4, trainings: 1 } }, models, 6)[0].loop).toBeCloseTo(-2 / 16, 12);
  });

  test("is none where retraining saves nothing, and where no models were kept", () => {
    expect(regretsOf({ never: { loss: 6, trainings: 0 }, always, loop: always }, models, 6)).toEqual([]);
    expect(regretsOf({ never, always, loop: always }, [], 6)).toEqual([]);
  });

  test("of never to retrain is 0 where a training costs more than it saves", () => {
    // Always to retrain saves 1 by 5 trainings; the best that one training saves is 0.1.
    const flat = Array.from({ length: 6 }, (_, period) => ({ period, losses: Array(6 - period).fill(period < 3 ? 1 : 29 / 30) as number[] }));
    expect(regretsOf({ never: { loss: 6, trainings: 0 }, always: { loss: 5, trainings: 5 }, loop: { loss: 6, trainings: 0 } }, flat, 6)[2]).toMatchObject({ never: 0, loop: 0, hindsight: 0 });
  });
});
