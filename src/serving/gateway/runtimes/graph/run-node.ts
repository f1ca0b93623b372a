import { describeError, MillraceError } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { meanOf, missingOutput } from "./combine.ts";
import type { PlannedNode, PlannedStep } from "./plan.ts";
import { joinRows, pickRows, splitRows, switchRows } from "./route-rows.ts";
import type { Tensors } from "./route-rows.ts";

export interface GraphRun {
  /** Rows, each of which goes its own way; undefined where the models have none, and the request goes as one. */
  readonly rows: number | undefined;
  readonly random: () => number;
  /** Told of a soft step that failed. */
  readonly onSoftFailure: (step: string, error: unknown) => void;
}

/** The outputs of a node for these tensors, in the order of its specs. */
export function runNode(node: PlannedNode, tensors: Tensors, run: GraphRun): Promise<readonly Tensor[]> {
  if (node.kind === "sequence") return runSequence(node, tensors, run);
  if (node.kind === "ensemble") return runEnsemble(node, tensors, run);
  const rows = run.rows ?? 1;
  if (node.kind === "switch") return runRouted(node, tensors, run, switchRows(node.steps, tensors, rows));
  const key = node.key === undefined ? undefined : tensors.get(node.key);
  return runRouted(node, tensors, run, splitRows(node.steps, key, rows, run.random));
}

async function runSequence(node: PlannedNode, tensors: Tensors, run: GraphRun): Promise<readonly Tensor[]> {
  const known = new Map(tensors);
  let last: readonly Tensor[] = [];
  for (const step of node.steps) {
    last = await runSoftly(node, step, known, run);
    for (const tensor of last) known.set(tensor.name, tensor);
  }
  return last;
}

async function runEnsemble(node: PlannedNode, tensors: Tensors, run: GraphRun): Promise<readonly Tensor[]> {
  if (node.combine === "join") {
    const all = await Promise.all(node.steps.map((step) => runSoftly(node, step, tensors, run)));
    return all.flatMap((outputs, index) => outputs.map((tensor) => ({ ...tensor, name: `${node.steps[index].name}.${tensor.name}` })));
  }
  const all = await Promise.all(node.steps.map((step) => orNothing(node, step, tensors, run)));
  const answered = all.filter((outputs) => outputs !== undefined);
  return node.outputs.map(({ name }) => meanOf(answered.map((outputs) => outputs.find((tensor) => tensor.name === name)!)));
}

/** Each row through the step that is chosen for it. */
async function runRouted(node: PlannedNode, tensors: Tensors, run: GraphRun, chosen: Int32Array): Promise<readonly Tensor[]> {
  const nowhere = chosen.indexOf(-1);
  if (nowhere >= 0) throw new MillraceError("serving.graph_no_branch", 400, `Row ${nowhere} fits none of the conditions of the node "${node.name}" of the graph; a last step without one would take it.`);
  const places = new Map<number, number[]>();
  for (const [row, step] of chosen.entries()) places.set(step, [...(places.get(step) ?? []), row]);
  if (places.size === 1) return ordered(node, await runStep(node, node.steps[chosen[0]], tensors, run));
  const parts = await Promise.all(
    [...places].map(async ([step, rows]) => {
      const own = new Map([...tensors].map(([name, tensor]) => [name, pickRows(tensor, rows)]));
      return { rows, outputs: ordered(node, await runStep(node, node.steps[step], own, { ...run, rows: rows.length })) };
    }),
  );
  return node.outputs.map((_, index) => joinRows(parts.map(({ rows, outputs }) => ({ places: rows, tensor: outputs[index] })), chosen.length));
}

const ordered = (node: PlannedNode, outputs: readonly Tensor[]): readonly Tensor[] => node.outputs.map(({ name }) => outputs.find((tensor) => tensor.name === name)!);

/** A step; where it is soft and fails, missing values in place of its outputs. */
async function runSoftly(node: PlannedNode, step: PlannedStep, tensors: Tensors, run: GraphRun): Promise<readonly Tensor[]> {
  return (await orNothing(node, step, tensors, run)) ?? step.given.map((spec) => missingOutput(spec, run.rows ?? tensors.values().next().value?.shape[0] ?? 1));
}

async function orNothing(node: PlannedNode, step: PlannedStep, tensors: Tensors, run: GraphRun): Promise<readonly Tensor[] | undefined> {
  try {
    return await runStep(node, step, tensors, run);
  } catch (error) {
    if (!step.soft) throw error;
    run.onSoftFailure(`${node.name}.${step.name}`, error);
    return undefined;
  }
}

async function runStep(node: PlannedNode, step: PlannedStep, tensors: Tensors, run: GraphRun): Promise<readonly Tensor[]> {
  const { target } = step;
  const specs = "model" in target ? target.model.inputs : target.inputs;
  const inputs: Tensor[] = [];
  for (const [index, { name }] of specs.entries()) {
    const tensor = tensors.get(step.taken[index].name);
    if (tensor) inputs.push(tensor.name === name ? tensor : { ...tensor, name });
  }
  const outputs = "model" in target ? await scored(node, step, () => target.score(inputs)) : await runNode(target, new Map(inputs.map((tensor) => [tensor.name, tensor])), run);
  return outputs.map((tensor) => {
    const name = step.outputs.get(tensor.name);
    return name === undefined ? tensor : { ...tensor, name };
  });
}

async function scored(node: PlannedNode, step: PlannedStep, score: () => Promise<readonly Tensor[]>): Promise<readonly Tensor[]> {
  try {
    return await score();
  } catch (error) {
    const where = `Step "${step.name}" of the node "${node.name}" of the graph`;
    if (error instanceof MillraceError) throw new MillraceError(error.code, error.status, `${where}: ${error.message}`, { cause: error });
    throw new Error(`${where}: ${describeError(error)}`, { cause: error });
  }
}
