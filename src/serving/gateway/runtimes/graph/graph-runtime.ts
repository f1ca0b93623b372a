import { basename } from "node:path";
import type { Tensor } from "../../tensors/tensor.ts";
import { atMostEvery } from "../../gateway-log.ts";
import { describeError, MillraceError } from "../../../../errors.ts";
import type { LoadContext, LoadOptions, Model, Runtime, SharedModel, StepModel, TensorSpec } from "../runtime.ts";
import { FollowedPlan } from "./followed-plan.ts";
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
  composite: true,
  accepts: async (location) => /\.graph\.(ya?ml|json)$/.test(location),
  load: loadGraph,
};

async function loadGraph(location: string, options: LoadOptions, { log, share, endpoints }: LoadContext): Promise<Model> {
  const graph = await readGraph(location);
  const steps = [...graph.nodes.values()].flatMap((node) => node.steps);
  const places = new Set(steps.flatMap(({ model }) => model ?? []));
  const asked = [...new Set(steps.flatMap(({ endpoint }) => endpoint?.endpoint ?? []))];
  const shared = new Map<string, SharedModel>();
  const release = async () => void (await Promise.all([...shared.values()].map((model) => model.release())));
  // What clients are told of a graph that waits need not say where it lies.
  const plan = () => planGraph(asked.length === 0 ? location : basename(location), graph, { shared, endpoints });
  let whole: { readonly root: PlannedNode | undefined; readonly reason?: string | undefined };
  try {
    for (const place of places) shared.set(place, await share(place));
    // Endpoints come and go, and may not be there yet; files are.
    whole = asked.length === 0 ? { root: plan() } : new FollowedPlan({ plan, endpoints, onChange: (reason) => log.info(reason ?? `${location} is ready`) });
  } catch (error) {
    await release();
    throw error;
  }
  const onSoftFailure = atMostEvery(1000, ({ step, error }: { step: string; error: unknown }, skipped) =>
    log.warn(`${location}: the soft step ${step} failed: ${describeError(error)}`, { skipped }),
  );
  const rowwise = (root: PlannedNode | undefined) => options.rowwise ?? (!root || root.models.every(({ model }) => model.rowwise));
  const independent = (root: PlannedNode | undefined) => options.rowwise ?? (root !== undefined && root.models.every(({ model }) => model.independentRows));
  return {
    platform: "millrace_graph",
    get inputs() {
      return whole.root?.inputs ?? none;
    },
    get outputs() {
      return whole.root?.outputs ?? none;
    },
    get anyInputs() {
      return whole.root === undefined;
    },
    classes: undefined,
    get rowwise() {
      return rowwise(whole.root);
    },
    get independentRows() {
      return independent(whole.root);
    },
    get dependence() {
      return independent(whole.root) ? undefined : "Not all models of the graph are known to have independent rows.";
    },
    concurrency: options.instances ?? usualConcurrency,
    cores: 0, // its models take theirs
    memoryBytes: 0, // and are counted themselves
    endpoints: asked,
    async run(inputs: readonly Tensor[]) {
      const { root } = whole;
      if (!root) throw new MillraceError("serving.graph_not_ready", 503, whole.reason ?? `${location} is not ready.`);
      return runNode(root, new Map(inputs.map((tensor) => [tensor.name, tensor])), {
        rows: rowwise(root) ? inputs[0]?.shape[0] : undefined,
        random: Math.random,
        onSoftFailure: (step, error) => onSoftFailure({ step, error }),
      });
    },
    healthy: () => whole.root !== undefined && hardModels(whole.root).every(({ model }) => model.healthy()),
    waitsFor: () => whole.reason,
    release,
  };
}

const none: readonly TensorSpec[] = [];

/** The models without which the graph does not answer. */
const hardModels = (node: PlannedNode): StepModel[] => node.steps.flatMap(({ soft, target }) => (soft ? [] : "model" in target ? [target] : hardModels(target)));
