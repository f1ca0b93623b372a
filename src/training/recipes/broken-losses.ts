import { invalid, MillraceError } from "../../errors.ts";
import { callTracking } from "./tracked-run.ts";

interface LoggedMetric {
  readonly key: string;
  readonly value: number | string;
  readonly step: number | string;
}

/** The losses that a training logged to its run whose last value is no number, or infinite: `val_loss NaN at step 12`. Throws `training.tracking_refused`. */
export async function brokenLosses(server: string, runId: string): Promise<string[]> {
  const { run } = (await callTracking(server, `runs/get?run_id=${encodeURIComponent(runId)}`)) as { run: { data?: { metrics?: readonly LoggedMetric[] } } };
  const broken = (run.data?.metrics ?? []).filter(({ key, value }) => /loss/i.test(key) && !Number.isFinite(Number(value)));
  return broken.map(({ key, value, step }) => `${key} ${value} at step ${step}`).toSorted();
}

/** Codes of what a training that has diverged leaves: no model, or one without answers. */
const results = new Set(["training.no_model", "training.model_answers_nan", "training.no_probabilities"]);

/** An error about what a training left, where the cause is that its loss became none: `training.loss_diverged`. */
export function becauseOfLoss(error: unknown, broken: readonly string[]): unknown {
  if (broken.length === 0 || !(error instanceof MillraceError) || !results.has(error.code)) return error;
  return invalid("training.loss_diverged", `The training has diverged: the last of what it logged is ${broken.join(", ")}. Try a smaller learning rate, scaled inputs, or clipped gradients. ${error.message}`);
}
