import type { Endpoint, Variant } from "../../models/deployment.ts";
import type { ProtocolContext } from "../protocol.ts";

const none = { count: 0, ns: 0 };

/**
 * What every model did since the gateway started, or one model, or one version of it
 * (triton-inference-server/server, docs/protocol/extension_statistics.md). Nothing is cached here, so the cache's counts
 * are 0; runs are timed as a whole.
 */
export function statisticsAnswer(context: ProtocolContext, name: string | undefined, version: string | undefined) {
  const endpoints = name === undefined ? [...context.deployment().endpoints.values()] : [context.inference.endpoint(name)];
  return {
    model_stats: endpoints.flatMap((endpoint) => {
      const variants = version === undefined ? endpoint.variants : [endpoint.version(version)];
      return variants.map((variant) => modelStatistics(context, endpoint, variant));
    }),
  };
}

function modelStatistics(context: ProtocolContext, endpoint: Endpoint, variant: Variant) {
  const counts = context.statistics(endpoint.name, variant);
  const { success, fail, queue, computeInput, computeInfer, computeOutput, batches } = counts;
  const copy = ({ count, ns }: { count: number; ns: number }) => ({ count, ns });
  return {
    name: endpoint.name,
    version: variant.version,
    last_inference: counts.lastInference,
    inference_count: counts.inferenceCount,
    execution_count: counts.executionCount,
    inference_stats: {
      success: copy(success),
      fail: copy(fail),
      queue: copy(queue),
      compute_input: copy(computeInput),
      compute_infer: copy(computeInfer),
      compute_output: copy(computeOutput),
      cache_hit: none,
      cache_miss: none,
    },
    batch_stats: [...batches].map(([rows, run]) => ({
      batch_size: rows,
      compute_input: none,
      compute_infer: copy(run),
      compute_output: none,
    })),
    memory_usage: [{ type: "CPU", id: 0, byte_size: Math.round(variant.held.model.memoryBytes) }],
  };
}
