import { MillraceError } from "../../../errors.ts";
import type { InferenceRequest } from "../inference-request.ts";
import type { Params } from "../runtimes/runtime.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { late } from "../traffic/fallback.ts";
import type { ScoredBatch } from "./job-queue.ts";
import type { HeldModel } from "./model-pool.ts";

/**
 * Runs the one request whose params these are: in a batch they would be those of its neighbours, too. The model's own queue is where it
 * waits. Fails with 504 when the request's own time has passed, else as the model does.
 */
export async function runAlone(
  { model, batches }: Pick<HeldModel, "model" | "batches">,
  rows: number,
  inputs: readonly Tensor[],
  params: Params,
  { timeoutMs, signal }: Pick<InferenceRequest, "timeoutMs" | "signal">,
): Promise<ScoredBatch> {
  const began = performance.now();
  const over = new AbortController();
  const client = signal?.();
  const run = model.run(inputs, { params, signal: client ? AbortSignal.any([client, over.signal]) : over.signal });
  const outputs = await (timeoutMs === undefined ? run : late(run, timeoutMs));
  if (!outputs) {
    run.catch(() => undefined);
    over.abort();
    throw new MillraceError("serving.deadline_exceeded", 504, `The request was not answered within its ${Math.round(timeoutMs!)} ms.`);
  }
  const runMs = performance.now() - began;
  batches.add(rows, runMs);
  return { outputs, queueMs: 0, runMs };
}
