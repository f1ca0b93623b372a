import type { ScheduledModel } from "./backtest-step.ts";
import { bestSchedule } from "./best-schedule.ts";

/** A policy as it did: its summed loss, and how often it retrained. */
export interface PolicyOutcome {
  readonly loss: number;
  readonly trainings: number;
}

/** What policies cost more than the schedule that is best in hindsight at the same price of a training, as shares of what retraining always saves of never retraining. */
export interface Regret {
  /** The price of a training, as a share of what each training of the policy that always retrains saves: at 1 that policy costs as much as never to retrain. */
  readonly rho: number;
  readonly loop: number;
  readonly never: number;
  readonly every_window: number;
  /** Trainings of the schedule that is best in hindsight. */
  readonly hindsight: number;
}

/** Prices that regret is told at. */
export const regretPrices = [0.25, 0.5, 1] as const;

/**
 * The regret of policies, as the fourth task of the benchmark lfmm has it (`retrain.py` of lfmm 0.1.0): the cost of a policy is its loss and the price of its
 * trainings, and its regret is that cost less the cost of the schedule that is best in hindsight. Below 0 a policy did better than any schedule of the models there are.
 *
 * @param models those that a schedule may serve by, each with its losses from its period on
 * @returns one for each price; none where always to retrain saves nothing
 */
export function regretsOf(policies: { readonly never: PolicyOutcome; readonly always: PolicyOutcome; readonly loop: PolicyOutcome }, models: readonly ScheduledModel[], periods: number): Regret[] {
  const { never, always, loop } = policies;
  const gap = never.loss - always.loss;
  if (!(gap > 0) || always.trainings === 0 || models.length === 0) return [];
  return regretPrices.map((rho) => {
    const price = (rho * gap) / always.trainings;
    const costOf = ({ loss, trainings }: PolicyOutcome): number => loss + price * trainings;
    const best = bestSchedule(models, periods, price);
    const regretOf = (policy: PolicyOutcome): number => (costOf(policy) - costOf(best)) / gap;
    return { rho, loop: regretOf(loop), never: regretOf(never), every_window: regretOf(always), hindsight: best.trainings };
  });
}
