import { selectRows } from "../data/select-rows.ts";
import { MillraceError } from "../errors.ts";
import type { Table } from "../data/types.ts";
import { columnOf } from "./columns.ts";
import { gradientBoosting, tryBoosting } from "./gradient-boosting/gradient-boosting.ts";
import { heldOut } from "./held-out.ts";
import { linear } from "./linear/linear.ts";
import { resolveParams } from "./params.ts";
import type { Prediction, TrainedModel, Trainer, TrainingRequest } from "./types.ts";

/** More rows than this, and boosting is hardly ever worse than a linear model. */
const mostRows = 100_000;
/** Fewer rows than this say nothing about which is better. */
const fewestRows = 20;
/** Of fewer rows than this one part held out says too little. */
const fewRows = 400;

/**
 * Gradient boosting or a linear model, whichever has the lower loss on held-out rows, the newest where the rows have a time. The better one is trained on all
 * rows. The parameters are gradient boosting's.
 */
export const auto: Trainer = { name: "auto", paramsSchema: gradientBoosting.paramsSchema, train };

function train(request: TrainingRequest): TrainedModel {
  resolveParams("auto", auto.paramsSchema, request.params);
  const { rows } = request.table;
  if (rows > mostRows) return gradientBoosting.train(request);
  if (rows < fewestRows) return linear.train({ ...request, params: {} });
  const parts = rows < fewRows ? [0, 1, 2, 3, 4].map((fold) => everyFifth(rows, fold)) : [heldOut(rows, 0.2, request.times, request.seed)];
  const tried = parts.map((held) => ({ held, boosting: tryBoosting(request, held) }));
  const losses = tried.map(({ held, boosting }) => ({ boosting: boosting.loss * held.length, linear: linearLoss(request, held) * held.length }));
  const sum = (of: "boosting" | "linear"): number => losses.reduce((all, loss) => all + loss[of], 0);
  if (sum("linear") < sum("boosting")) return linear.train({ ...request, params: {} });
  return rows < fewRows ? gradientBoosting.train(request) : tried[0].boosting.finish();
}

const everyFifth = (rows: number, first: number): Int32Array => Int32Array.from({ length: Math.ceil((rows - first) / 5) }, (_, i) => first + 5 * i);

/** The mean loss of a linear model on rows that it was not trained on, in boosting's terms; infinite where it cannot be trained on the others. */
function linearLoss(request: TrainingRequest, held: Int32Array): number {
  const isHeld = new Uint8Array(request.table.rows);
  for (const row of held) isHeld[row] = 1;
  const fit = Uint32Array.from({ length: request.table.rows - held.length });
  for (let row = 0, at = 0; row < isHeld.length; row++) if (isHeld[row] === 0) fit[at++] = row;
  const take = (values: Float64Array | undefined): Float64Array | undefined => values && Float64Array.from(fit, (row) => values[row]);
  const [weights, times] = [take(request.weights), take(request.times)];
  const { onProgress: _, ...rest } = request;
  const model = trained({ ...rest, table: selectRows(request.table, fit), params: {}, ...(weights && { weights }), ...(times && { times }) });
  if (!model) return Number.POSITIVE_INFINITY;
  const rows = selectRows(request.table, Uint32Array.from(held));
  return meanLoss(model.predict(rows), rows, request.target, request.weights && Float64Array.from(held, (row) => request.weights![row]));
}

/** A linear model; none where the rows do not allow it, as when all are of one class. */
function trained(request: TrainingRequest): TrainedModel | undefined {
  try {
    return linear.train(request);
  } catch (error) {
    if (error instanceof MillraceError) return undefined;
    throw error;
  }
}

function meanLoss(predicted: Prediction, rows: Table, target: string, weights: Float64Array | undefined): number {
  const truth = columnOf(rows, target);
  const lossOf = (row: number): number => {
    if (predicted.task === "regression") return (predicted.values[row] - (truth.type === "number" ? truth.values[row] : Number.NaN)) ** 2 / 2;
    const label = truth.type === "number" ? String(truth.values[row]) : truth.dictionary[truth.codes[row]];
    const at = predicted.classes.indexOf(label);
    return -Math.log(Math.max(at < 0 ? 0 : predicted.probabilities[row * predicted.classes.length + at], Number.EPSILON));
  };
  let [sum, all] = [0, 0];
  for (let row = 0; row < rows.rows; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * lossOf(row);
    all += weight;
  }
  return sum / all;
}
