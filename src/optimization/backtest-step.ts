import { eventTimes } from "../data/event-time.ts";
import type { IngestOutput } from "../data/ingest-step.ts";
import { readTable } from "../data/read-table.ts";
import { selectRows } from "../data/select-rows.ts";
import { readingsOf, type Table } from "../data/types.ts";
import { metricsOf } from "../evaluation/metrics.ts";
import { scored } from "../evaluation/scored.ts";
import { invalid } from "../errors.ts";
import type { Step } from "../stage.ts";
import type { TrainedModel } from "../training/types.ts";

export interface BacktestParams {
  readonly target: string;
  readonly features: readonly string[];
  readonly time: { readonly column: string; readonly hour: string | null };
  readonly algorithm: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Where production begins (ms); the model never retrained has seen all before. */
  readonly start: number;
  /** Length of a period, ms, and which periods to compute: from ≤ k < until. */
  readonly period: number;
  readonly from: number;
  readonly until: number;
  readonly labelDelay: number;
}

export interface BacktestOutput {
  /** RMSE per period. */
  readonly never: readonly number[];
  readonly always: readonly number[];
}

/**
 * What two simple policies would have achieved on the same rows: a model that is never retrained, and one retrained at the start of
 * every period on all rows whose labels had arrived by then (the ceiling of what retraining can bring).
 */
export const backtestStep: Step = {
  name: "optimization.backtest",
  purpose: "Replays the policies `never retrain` and `retrain every period` on past data, to compare the loop with",
  version: 2,
  where: "worker",
  run: async ({ params, inputs, seed, blobs, report }) => {
    const options = params as unknown as BacktestParams;
    const { file, columns } = inputs["table"] as IngestOutput;
    const readings = readingsOf(columns);
    const table = await readTable(await blobs.localPath(file.sha256));
    const times = eventTimes(table, options.time);
    const { findTrainer } = await import("../training/trainers.ts");
    const rowsIn = (from: number, until: number): Table =>
      selectRows(table, Uint32Array.from(times.keys()).filter((row) => times[row] >= from && times[row] < until));
    const fit = (knownAt: number): TrainedModel =>
      findTrainer(options.algorithm).train({ table: rowsIn(Number.NEGATIVE_INFINITY, knownAt), target: options.target, features: options.features, readings, task: "regression", params: options.params, seed });
    const first = fit(options.start);
    const [never, always]: [number[], number[]] = [[], []];
    for (let k = options.from; k < options.until; k++) {
      const start = options.start + k * options.period;
      const rows = rowsIn(start, start + options.period);
      never.push(rmse(first, rows, options.target));
      // A label of an event at t is known at t + delay, so at `start` those of events up to and with start − delay are.
      always.push(k === 0 ? never[0] : rmse(fit(start - options.labelDelay + 1), rows, options.target));
      report({ message: `retrained for period ${k + 1}`, done: k - options.from + 1, total: options.until - options.from });
    }
    const output: BacktestOutput = { never, always };
    return output;
  },
};

function rmse(model: TrainedModel, rows: Table, target: string): number {
  const truth = rows.columns.find((column) => column.name === target);
  if (truth?.type !== "number") throw invalid("optimization.not_regression", "Policies are compared by RMSE, which needs a number as target");
  return metricsOf(scored(model.predict(rows), truth.values))["rmse"];
}
