import { eventTimes } from "../../data/event-time.ts";
import type { IngestOutput } from "../../data/ingest-step.ts";
import { readTable } from "../../data/read-table.ts";
import { selectRows } from "../../data/select-rows.ts";
import type { Table } from "../../data/types.ts";
import { scored, truthOf } from "../../evaluation/scored.ts";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../storage/blobs.ts";
import { fitOn, type Fit, type Making } from "../../training/fit.ts";
import type { Workshop } from "../../training/recipes/run-recipe.ts";
import type { Recipe } from "../../training/recipes/types.ts";
import { rowsToTrain } from "../../training/train-step.ts";
import type { Task } from "../../training/types.ts";
import { lossesOf } from "../candidates/losses.ts";

/** How a project's past is cut into periods, and how its models are trained. */
export interface PastParams {
  readonly target: string;
  readonly task: Task;
  readonly features: readonly string[];
  readonly time: { readonly column: string; readonly hour: string | null };
  readonly algorithm: string;
  /** Given where the algorithm is `run`. */
  readonly recipe?: Recipe | null;
  readonly params: Readonly<Record<string, unknown>>;
  /** Where production begins (ms); the first model has seen all before. */
  readonly start: number;
  /** Length of a period, ms. */
  readonly period: number;
  /** How long a label takes, ms; or the column that says when it came. */
  readonly labelDelay: number;
  readonly arrivals: string | null;
}

/** A table whose rows happened, period after period, with what was known when. */
export interface Past {
  /** The model of everything before production. */
  first(): Promise<Fit>;
  /** Rows whose labels had arrived when a period began; only those of the last so many periods, if a number is given. */
  known(period: number, last?: number): Uint32Array;
  /** A model of these rows; undefined where they cannot be learnt from, such as those of a single class. */
  train(rows: Uint32Array): Promise<Fit | undefined>;
  /** The summed loss of a model in a period: squared errors, or log losses. */
  loss(model: Fit, period: number): Promise<number>;
  /** Labelled rows of a period. */
  rows(period: number): number;
}

export async function openPast({ file, ...ingested }: IngestOutput, options: PastParams, seed: number, blobs: BlobStore, workshop: Workshop): Promise<Past> {
  const table = rowsToTrain(await readTable(await blobs.localPath(file.sha256, "the table of the dataset")), options.algorithm, options.target);
  const times = eventTimes(table, options.time);
  const arrived = arrivalTimes(table, times, options);
  const making: Making = { algorithm: options.algorithm, params: options.params, recipe: options.recipe ?? null, table: { file, ...ingested }, features: options.features, target: options.target, task: options.task, time: options.time.column, seed };
  const rowsIn = (keep: (row: number) => boolean): Uint32Array => Uint32Array.from(times.keys()).filter(keep);
  const fit = (rows: Uint32Array): Promise<Fit> => fitOn(selectRows(table, rows), making, workshop, blobs);
  const startOf = (period: number): number => options.start + period * options.period;
  const within = (period: number): Uint32Array => rowsIn((row) => times[row] >= startOf(period) && times[row] < startOf(period + 1));
  const periods = new Map<number, { readonly part: Table; readonly truth: Float64Array | string[] }>();
  const partOf = (period: number): { readonly part: Table; readonly truth: Float64Array | string[] } => {
    const known = periods.get(period);
    if (known) return known;
    const part = selectRows(table, within(period));
    const found = { part, truth: truthOf(part, options.target, options.task) };
    periods.set(period, found);
    return found;
  };
  let firstModel: Promise<Fit> | undefined;
  return {
    first: () => (firstModel ??= fit(rowsIn((row) => times[row] < options.start))),
    known: (period, last) => {
      const now = startOf(period);
      return rowsIn((row) => arrived[row] <= now && (last === undefined || times[row] >= now - options.labelDelay - last * options.period));
    },
    train: async (rows) => {
      try {
        return rows.length === 0 ? undefined : await fit(rows);
      } catch (error) {
        // Rows that nothing can be learnt from; a command that fails is told.
        if (options.algorithm !== "run" && error instanceof MillraceError && error.code.startsWith("training.")) return undefined;
        throw error;
      }
    },
    loss: async (model, period) => {
      const { part, truth } = partOf(period);
      return part.rows === 0 ? 0 : lossesOf(scored(await model.predict(part), truth)).reduce((sum, loss) => sum + loss, 0);
    },
    rows: (period) => partOf(period).part.rows,
  };
}

/** When each row's label came: after the declared delay, or when a column says; a row of before production has had its label all along. */
function arrivalTimes(table: Table, times: Float64Array, { labelDelay, arrivals, start }: PastParams): Float64Array {
  const column = arrivals === null ? undefined : table.columns.find(({ name }) => name === arrivals);
  if (arrivals !== null && column?.type !== "number") throw new MillraceError("replay.no_arrivals", 400, `Column ${arrivals} holds no points in time, so it cannot say when labels came`);
  return times.map((time, row) => (time < start ? Number.NEGATIVE_INFINITY : column?.type === "number" ? column.values[row] : time + labelDelay));
}
