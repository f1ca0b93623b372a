import type { Tensor } from "../../tensors/tensor.ts";
import { atMostEvery } from "../../gateway-log.ts";
import { describeError } from "../../../../errors.ts";
import type { LoadContext, LoadOptions, Model, Runtime, SharedModel } from "../runtime.ts";
import { readGraph } from "./graph-file.ts";
import { planGraph } from "./plan.ts";
import type { PlannedNode } from "./plan.ts";
import { runNode } from "./run-node.ts";

const usualConcurrency = 64;

/**
 * Models made of models, after KServe's InferenceGraph: `NAME.graph.yaml` (or .json) says which steps a request takes.
 * The models of a graph have their own queues, which they share with endpoints of the same files.
 */
export const graphRuntime: Runtime = {
  name: "graph",
  accepts: async (location) => /\.graph\.(ya?ml|json)$/.test(location),
  load: loadGraph,
};

async function loadGraph(location: string, options: LoadOptions, { log, share }: LoadContext): Promise<Model> {
  const graph = await readGraph(location);
  const places = new Set([...graph.nodes.values()].flatMap(({ steps }) => steps.flatMap(({ model }) => (model === undefined ? [] : [model]))));
  const shared = new Map<string, SharedModel>();
  const release = async () => void (await Promise.all([...shared.values()].map((model) => model.release())));
  let root: PlannedNode;
  try {
    for (const place of places) shared.set(place, await share(place));
    root = planGraph(location, graph, shared);
  } catch (error) {
    await release();
    throw error;
  }
  const models = [...shared.values()].map(({ model }) => model);
  const needed = hardModels(root);
  const onSoftFailure = atMostEvery(1000, ({ step, error }: { step: string; error: unknown }, skipped) =>
    log.warn(`${location}: the soft step ${step} failed: ${describeError(error)}`, { skipped }),
  );
  const rowwise = () => options.rowwise ?? models.every((model) => model.rowwise);
  return {
    platform: "millrace_graph",
    inputs: root.inputs,
    outputs: root.outputs,
    classes: undefined,
    get rowwise() {
      return rowwise();
    },
    concurrency: options.instances ?? usualConcurrency,
    cores: 0, // its models take theirs
    get memoryBytes() {
      return models.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    },
    async run(inputs: readonly Tensor[]) {
      return runNode(root, new Map(inputs.map((tensor) => [tensor.name, tensor])), {
        rows: rowwise() ? inputs[0]?.shape[0] : undefined,
        random: Math.random,
        onSoftFailure: (step, error) => onSoftFailure({ step, error }),
      });
    },
    healthy: () => needed.every(({ model }) => model.healthy()),
    release,
  };
}

/** The models without which the graph does not answer. */
const hardModels = (node: PlannedNode): SharedModel[] => node.steps.flatMap(({ soft, target }) => (soft ? [] : "model" in target ? [target] : hardModels(target)));
