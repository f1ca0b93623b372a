import type { IngestOutput } from "../../data/ingest-step.ts";
import type { Step, WorkerContext } from "../../stage.ts";
import type { Fit } from "../../training/fit.ts";
import { withPacked, type PackedModels } from "../../training/recipes/python/packed-models.ts";
import { workshopOf } from "../../training/recipes/run-recipe.ts";
import { isRepeatable } from "../../training/train-step.ts";
import { openPast, type PastParams } from "./past.ts";

export interface BacktestParams extends PastParams {
  /** Which periods to compute: from ≤ k < until. */
  readonly from: number;
  readonly until: number;
  /** Periods there are. */
  readonly periods: number;
  /** Every so many periods the models are kept for the schedule that is best in hindsight; 0: none are. */
  readonly schedule: number;
}

/** The summed loss of a period's labelled rows under each policy: squared errors, or log losses. */
export interface PeriodLosses {
  readonly period: number;
  readonly rows: number;
  /** A model that is never retrained. */
  readonly never: number;
  /** One retrained at the start of every period on all rows whose labels had arrived by then. */
  readonly all: number;
  /** One retrained as often on the best recent stretch; null where it was not asked for. */
  readonly recent: number | null;
}

/** A model trained at the start of a period, and its summed loss in that period and each later one. */
export interface ScheduledModel {
  readonly period: number;
  readonly losses: readonly number[];
}

export interface BacktestOutput {
  readonly periods: readonly PeriodLosses[];
  readonly models: readonly ScheduledModel[];
}

/**
 * What simple policies would have achieved on the same rows: a model that is never retrained, and those that are retrained at the start of every period, on
 * all rows whose labels had arrived by then or on a recent stretch of them.
 */
export const backtestStep: Step = {
  name: "optimization.backtest",
  purpose: "Replays the policies `never retrain` and `retrain every period` on past data, to compare the loop with",
  version: 3,
  where: "worker",
  repeatable: isRepeatable,
  run: (context) => withPacked(context, (packed) => backtest(context, packed)),
};

async function backtest(context: WorkerContext, packed: PackedModels): Promise<BacktestOutput> {
  const { params, inputs, seed, blobs, report } = context;
  const options = params as unknown as BacktestParams;
  const past = await openPast(inputs["table"] as IngestOutput, options, seed, blobs, workshopOf(context, { experimentId: null, part: null, packed }));
  const stretch = (inputs["stretch"] as { readonly length: number } | undefined)?.length;
  const first = await past.first();
  const [periods, models]: [PeriodLosses[], ScheduledModel[]] = [[], []];
  const later = async (model: Fit, from: number): Promise<ScheduledModel> => {
    const losses: number[] = [];
    for (let period = from; period < options.periods; period++) losses.push(await past.loss(model, period));
    return { period: from, losses };
  };
  for (let k = options.from; k < options.until; k++) {
    const all = k === 0 ? first : ((await past.train(past.known(k))) ?? first);
    const recent = stretch === undefined ? null : k === 0 ? first : ((await past.train(past.known(k, stretch))) ?? all);
    periods.push({ period: k, rows: past.rows(k), never: await past.loss(first, k), all: await past.loss(all, k), recent: recent && (await past.loss(recent, k)) });
    if (options.schedule > 0 && k % options.schedule === 0) models.push(await later(all, k), ...(recent ? [await later(recent, k)] : []));
    report({ message: `retrained for period ${k + 1}`, done: k - options.from + 1, total: options.until - options.from });
  }
  return { periods, models };
}

/** Lengths of recent stretches that are tried, in periods. */
const lengths = [7, 28, 91];
/** Every so many periods they are tried. */
const triedEvery = 8;

/** Which recent stretch is the best to retrain on, of 7, 28 and 91 periods: the one whose models, trained at every eighth period, lose least until the next. */
export const stretchStep: Step = {
  name: "optimization.recent_stretch",
  purpose: "Finds the length of the recent stretch that models retrained every period do best on",
  version: 1,
  where: "worker",
  repeatable: isRepeatable,
  run: (context) => withPacked(context, (packed) => findStretch(context, packed)),
};

async function findStretch(context: WorkerContext, packed: PackedModels): Promise<{ readonly length: number; readonly losses: readonly { readonly length: number; readonly loss: number }[] }> {
  const { params, inputs, seed, blobs, report } = context;
  const options = params as unknown as BacktestParams;
  const past = await openPast(inputs["table"] as IngestOutput, options, seed, blobs, workshopOf(context, { experimentId: null, part: null, packed }));
  const first = await past.first();
  const sums = lengths.map((length) => ({ length, loss: 0 }));
  for (let k = triedEvery; k < options.periods; k += triedEvery) {
    for (const sum of sums) {
      const model = (await past.train(past.known(k, sum.length))) ?? first;
      for (let next = k; next < Math.min(k + triedEvery, options.periods); next++) sum.loss += await past.loss(model, next);
    }
    report({ message: "trying recent stretches", done: k, total: options.periods });
  }
  return { length: sums.reduce((best, one) => (one.loss < best.loss ? one : best)).length, losses: sums };
}
