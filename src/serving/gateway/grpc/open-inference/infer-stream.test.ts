import { expect, onTestFinished, test } from "vitest";
import { invalid } from "../../../../errors.ts";
import { grpcClient } from "../../fixtures/grpc-client.ts";
import type { Message } from "../../fixtures/grpc-client.ts";
import { Inference } from "../../inference.ts";
import type { LogEntry } from "../../log/log-entry.ts";
import { MetricsRegistry } from "../../metrics/metrics.ts";
import { BatchCounts } from "../../metrics/model-statistics.ts";
import { variantStatsBook } from "../../metrics/variant-stats.ts";
import { Batcher, defaultBatchLimits } from "../../models/batcher.ts";
import { Deployment, Endpoint } from "../../models/deployment.ts";
import type { HeldModel } from "../../models/model-pool.ts";
import { Turns } from "../../models/turns.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import type { Model } from "../../runtimes/runtime.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { startGrpcServer } from "../grpc-server.ts";
import { inferenceProto } from "./infer-proto.ts";
import { openInferenceService } from "./open-inference-service.ts";

const one = (value: number): readonly Tensor[] => [{ name: "next", datatype: "INT32", shape: [1], data: Int32Array.of(value) }];

/** Counts from 1 to what it is given, a part at a time; refuses 13. */
const counting: Model = {
  platform: "test",
  inputs: [{ name: "to", datatype: "INT32", shape: [1] }],
  outputs: [{ name: "next", datatype: "INT32", shape: [1] }],
  classes: undefined,
  rowwise: false,
  independentRows: false,
  concurrency: 1,
  memoryBytes: 0,
  healthy: () => true,
  run: async ([to]) => one(to.data[0] as number),
  async *stream([to]) {
    if (to.data[0] === 13) throw invalid("test.unlucky", "13 is unlucky.");
    for (let i = 1; i <= (to.data[0] as number); i++) yield one(i);
  },
  release: async () => undefined,
};

async function start() {
  const batcher = new Batcher(counting, defaultBatchLimits, { inline: new Turns(1), threads: new Turns(1) }, () => undefined);
  const batches = new BatchCounts();
  const usage = { begin: () => undefined, end: () => undefined };
  const held = { model: counting, batcher, batches, usage, release: async () => undefined } as unknown as HeldModel;
  const variant = { name: "champion", version: "1", location: "nowhere", weight: 1, shadow: false, seed: 1, held };
  const endpoint = new Endpoint({ name: "count", salt: "", variants: [variant] }, [variant]);
  const deployment = new Deployment(1, new Map([[endpoint.name, endpoint]]));
  const logged: LogEntry[] = [];
  const stats = variantStatsBook(new MetricsRegistry());
  const inference = new Inference({ deployment: () => deployment, stats, log: (entry) => logged.push(entry), onModelError: () => undefined, paused: () => undefined, agreement: () => ({ add: () => undefined }) as never, onFallback: () => undefined });
  const context = { inference, deployment: () => deployment, ready: () => true } as ProtocolContext;
  const server = await startGrpcServer({ services: [openInferenceService], context, host: "127.0.0.1", port: 0, maxMessageBytes: 1 << 20, onError: () => undefined });
  onTestFinished(() => server.stop(0));
  return { client: grpcClient(server.port, inferenceProto, "inference.GRPCInferenceService"), logged, counts: stats("count", "1", "champion").counts };
}

const count = (to: number, id: string, final: boolean): Message => ({
  model_name: "count",
  id,
  parameters: final ? { triton_enable_empty_final_response: { bool_param: true } } : {},
  inputs: [{ name: "to", datatype: "INT32", shape: [1], contents: { int_contents: [to] } }],
});

/** An answer in short: the request, the number, whether it is said to be the last. */
const brief = ({ error_message, infer_response }: Message) => {
  const { id, outputs, parameters } = infer_response as { id: string; outputs?: { contents: { int_contents: number[] } }[]; parameters?: { triton_final_response?: { bool_param: boolean } } };
  return [id, error_message ?? outputs?.[0].contents.int_contents[0], parameters?.triton_final_response?.bool_param];
};

test("a model that streams answers each request with its parts, in order, and says the last when asked to", async () => {
  const { client, logged, counts } = await start();
  const stream = client.open("ModelStreamInfer");
  for (const request of [count(3, "a", false), count(2, "b", true), count(13, "c", true), count(1, "d", false)]) stream.write(request);
  stream.end();
  expect((await stream.toArray()).map(brief)).toEqual([
    ["a", 1, undefined],
    ["a", 2, undefined],
    ["a", 3, undefined],
    ["b", 1, false],
    ["b", 2, false],
    ["b", undefined, true],
    ["c", "13 is unlucky.", undefined],
    ["d", 1, undefined],
  ]);
  expect(logged.map(({ requestId, outputs }) => [requestId, outputs ? "ok" : "error", outputs?.[0].data[0]])).toEqual([
    ["a", "ok", 3],
    ["b", "ok", 2],
    ["c", "error", undefined],
    ["d", "ok", 1],
  ]);
  expect([counts.success.count, counts.fail.count]).toEqual([3, 1]);
});

test("a client that goes ends the model's stream", async () => {
  const { client, logged } = await start();
  const stream = client.open("ModelStreamInfer");
  stream.on("error", () => undefined); // it is told of its own cancelling
  stream.write(count(2 ** 31 - 1, "endless", false));
  await new Promise((resolve) => stream.once("data", resolve));
  stream.cancel();
  await expect.poll(() => logged.length).toBe(1);
});
