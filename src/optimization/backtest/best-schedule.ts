import type { ScheduledModel } from "./backtest-step.ts";

export interface Schedule {
  /** Summed loss over all periods, without the price of the trainings. */
  readonly loss: number;
  readonly trainings: number;
}

/**
 * The schedule of retrainings that, in hindsight, has the least loss and price together, by dynamic programming over the periods at which models were trained:
 * a model serves from the period it was trained for until the next one of the schedule takes over (Mahadevan & Mathioudakis 2023).
 *
 * @param models each with its losses from its period on; those of period 0 cost nothing, since there must be one
 * @param price of one training, in summed loss
 */
export function bestSchedule(models: readonly ScheduledModel[], periods: number, price: number): Schedule {
  // least[k]: the best way to serve from period k on, with a model trained there.
  const least = new Map<number, Schedule & { readonly cost: number }>([[periods, { cost: 0, loss: 0, trainings: 0 }]]);
  const starts = [...new Set(models.map(({ period }) => period))].toSorted((a, b) => b - a);
  for (const start of starts) {
    for (const { losses } of models.filter(({ period }) => period === start)) {
      let served = 0;
      for (let end = start + 1; end <= periods; end++) {
        served += losses[end - start - 1];
        const next = least.get(end);
        if (!next) continue;
        const cost = served + next.cost + (end === periods ? 0 : price);
        if (cost < (least.get(start)?.cost ?? Number.POSITIVE_INFINITY)) least.set(start, { cost, loss: served + next.loss, trainings: next.trainings + (end === periods ? 0 : 1) });
      }
    }
  }
  const { loss, trainings } = least.get(0)!;
  return { loss, trainings };
}
