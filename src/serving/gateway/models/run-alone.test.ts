import { expect, test } from "vitest";
import { rowsOf } from "../fixtures/tensors.ts";
import { BatchCounts } from "../metrics/model-statistics.ts";
import type { Model, RunOptions } from "../runtimes/runtime.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { runAlone } from "./run-alone.ts";

const inputs = [rowsOf("x", 2, Float32Array.of(1, 2))];

/** A model that answers with its inputs when `answer` resolves; tells what each run was given. */
function model(answer: Promise<void>): { held: { model: Model; batches: BatchCounts }; runs: RunOptions[] } {
  const runs: RunOptions[] = [];
  const run = async (tensors: readonly Tensor[], options: RunOptions = {}) => {
    runs.push(options);
    await answer;
    return tensors;
  };
  const specs = [{ name: "x", datatype: "FP32", shape: [-1, 1] }] as const;
  const more = { platform: "test", classes: undefined, rowwise: true, concurrency: 1, memoryBytes: 0, healthy: () => true, release: async () => undefined };
  return { held: { model: { ...more, inputs: specs, outputs: specs, run }, batches: new BatchCounts() }, runs };
}

test("the model gets the params, and the run is counted with its rows", async () => {
  const { held, runs } = model(Promise.resolve());
  expect(await runAlone(held, 2, inputs, { factor: 2 }, { timeoutMs: 60_000 })).toMatchObject({ outputs: inputs, queueMs: 0 });
  expect(runs).toMatchObject([{ params: { factor: 2 } }]);
  expect([...held.batches.sizes].map(([rows, { count }]) => [rows, count])).toEqual([[2, 1]]);
});

test("when its time has passed it fails with 504, and the run is given up", async () => {
  const { held, runs } = model(new Promise(() => undefined));
  await expect(runAlone(held, 2, inputs, {}, { timeoutMs: 1 })).rejects.toMatchObject({ code: "serving.deadline_exceeded", status: 504 });
  expect(runs[0].signal?.aborted).toBe(true);
});

test("a client that goes has the run given up", () => {
  const { held, runs } = model(new Promise(() => undefined));
  const client = new AbortController();
  void runAlone(held, 2, inputs, {}, { signal: () => client.signal });
  expect(runs[0].signal?.aborted).toBe(false);
  client.abort();
  expect(runs[0].signal?.aborted).toBe(true);
});
