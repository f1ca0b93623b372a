import { describeError, invalid, MillraceError } from "../../../../errors.ts";
import { describeReading } from "../../../../values/reading.ts";
import type { Endpoints, StepModel, TensorSpec } from "../runtime.ts";
import type { Condition, Graph, Node, Step } from "./graph-file.ts";

/** A node with its models in memory, and what goes in and comes out of it. */
export interface PlannedNode extends Omit<Node, "steps"> {
  readonly name: string;
  readonly steps: readonly PlannedStep[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** All below it. */
  readonly models: readonly StepModel[];
}

export interface PlannedStep extends Step {
  readonly target: StepModel | PlannedNode;
  /** Under the names of the node, not of the step's model. */
  readonly taken: readonly TensorSpec[];
  readonly given: readonly TensorSpec[];
}

/** Where the steps of a graph find who answers. */
export interface StepModels {
  /** By place. */
  readonly shared: ReadonlyMap<string, StepModel>;
  readonly endpoints: Endpoints;
}

/**
 * Puts a graph together. Fails with `serving.graph_invalid` where steps do not fit together, and with
 * `serving.graph_not_ready` where an endpoint is not there.
 */
export function planGraph(file: string, { nodes }: Graph, { shared, endpoints }: StepModels): PlannedNode {
  const fail = (where: string, what: string) => invalid("serving.graph_invalid", `The graph ${file} is wrong at ${where}: ${what}.`, { file });

  const planStep = (step: Step, where: string): PlannedStep => {
    const target = targetOf(step, where);
    const { inputs, outputs } = "model" in target ? target.model : target;
    if ("model" in target && (inputs.length === 0 || outputs.length === 0)) throw fail(where, "its model does not say what it takes and gives; a step of a graph must (an MLflow model needs a signature)");
    const strange = [...step.inputs.keys()].find((name) => !inputs.some((input) => input.name === name));
    if (strange !== undefined) throw fail(`${where}.inputs`, `the step has no input "${strange}"; it has ${listed(inputs)}`);
    const lost = [...step.outputs.keys()].find((name) => !outputs.some((output) => output.name === name));
    if (lost !== undefined) throw fail(`${where}.outputs`, `the step has no output "${lost}"; it has ${listed(outputs)}`);
    return { ...step, target, taken: renamed(inputs, step.inputs), given: renamed(outputs, step.outputs) };
  };

  const targetOf = ({ model, node, endpoint }: Step, where: string): StepModel | PlannedNode => {
    if (node !== undefined) return planNode(node);
    if (endpoint === undefined) return shared.get(model!)!;
    try {
      return endpoints.step(endpoint);
    } catch (error) {
      throw new MillraceError("serving.graph_not_ready", 503, `The graph ${file} waits at ${where}: ${describeError(error).replace(/\.$/, "")}.`);
    }
  };

  const planNode = (name: string): PlannedNode => {
    const node = nodes.get(name)!;
    const where = `nodes.${name}`;
    const steps = node.steps.map((step, index) => planStep(step, `${where}.steps[${index}]`));
    const inputs = new Map<string, TensorSpec>();
    const made = new Map<string, { spec: TensorSpec; soft: boolean }>();
    const need = (spec: TensorSpec, at: string) => {
      const known = inputs.get(spec.name) ?? (node.kind === "sequence" ? made.get(spec.name)?.spec : undefined);
      if (!known) inputs.set(spec.name, spec);
      else if (!readAlike(known, spec)) throw fail(at, `"${spec.name}" is ${known.reading ? describeReading(known.reading) : "plain numbers"} before, and the step takes ${spec.reading ? describeReading(spec.reading) : "plain numbers"}`);
      else if (!fits(known, spec)) throw fail(at, `"${spec.name}" is ${described(known)} before, and the step takes ${described(spec)}`);
      else if (known.optional && !spec.optional && inputs.has(spec.name)) inputs.set(spec.name, { ...known, optional: false });
    };
    for (const [index, step] of steps.entries()) {
      const at = `${where}.steps[${index}]`;
      for (const spec of step.taken) need(spec, at);
      if (step.when) need(tested(step.when), `${at}.when`);
      for (const spec of step.given) made.set(spec.name, { spec, soft: step.soft });
    }
    if (node.key !== undefined) need({ name: node.key, datatype: "BYTES", shape: [-1, 1] }, `${where}.key`);
    return { ...node, name, steps, inputs: [...inputs.values()], outputs: outputsOf(node, steps, where), models: steps.flatMap(({ target }) => ("model" in target ? [target] : target.models)) };
  };

  const outputsOf = (node: Node, steps: readonly PlannedStep[], where: string): readonly TensorSpec[] => {
    if (node.kind === "sequence") return steps.at(-1)!.given;
    if (node.kind === "ensemble" && node.combine === "join") {
      return steps.flatMap((step) => step.given.map((spec) => ({ ...spec, name: `${step.name}.${spec.name}`, ...(step.soft && orMissing(spec)) })));
    }
    const [first, ...others] = steps;
    for (const other of others) {
      const different = other.given.length !== first.given.length ? first.given[0] : first.given.find(({ name }) => !other.given.some((spec) => spec.name === name));
      if (different) throw fail(where, `the steps must give the same outputs; "${first.name}" gives ${listed(first.given)}, "${other.name}" gives ${listed(other.given)} (rename them with outputs)`);
    }
    if (node.kind !== "ensemble") {
      const unlike = others.flatMap(({ given }) => given).find((spec) => first.given.some(({ name, datatype }) => name === spec.name && datatype !== spec.datatype));
      if (unlike) throw fail(where, `the steps must give outputs of the same datatypes; "${unlike.name}" differs`);
      return first.given;
    }
    const text = first.given.find(({ datatype }) => datatype === "BYTES");
    if (text) throw fail(`${where}.combine`, `the output "${text.name}" is text, which has no mean`);
    return first.given.map((spec) => ({ ...spec, datatype: "FP64" }));
  };

  return planNode("root");
}

/** Integers cannot be missing, doubles can. */
const orMissing = ({ datatype }: TensorSpec): Partial<TensorSpec> => (["BYTES", "FP16", "FP32", "FP64"].includes(datatype) ? {} : { datatype: "FP64" });

const renamed = (specs: readonly TensorSpec[], to: ReadonlyMap<string, string>): readonly TensorSpec[] => specs.map((spec) => ({ ...passedOn(spec), name: to.get(spec.name) ?? spec.name }));

/**
 * An input of a step as the graph takes it. Points in time are handed on as they came, for the step to read: read twice, their numbers would be taken for
 * what the client counts in. Other values mean the same when they are read again.
 */
function passedOn({ fed, reading, known, ...spec }: TensorSpec): TensorSpec {
  return fed === undefined ? { ...spec, ...(reading && { reading }), ...(known && { known }) } : spec;
}

const tested = ({ input, is, oneOf }: Condition): TensorSpec => ({
  name: input,
  datatype: [is, ...(oneOf ?? [])].some((value) => typeof value === "string") ? "BYTES" : "FP64",
  shape: [-1, 1],
});

/** Whether a text is the same number to both; categories are read again by each step. */
const readAlike = ({ reading: has }: TensorSpec, { reading: wants }: TensorSpec): boolean => has?.type !== "number" || wants?.type !== "number" || JSON.stringify(has) === JSON.stringify(wants);

/** Numbers of all datatypes become each other; a dimension that one leaves open fits any, and a last one of 1 may lack. */
function fits(has: TensorSpec, wants: TensorSpec): boolean {
  if (has.datatype === "BYTES" && wants.datatype !== "BYTES") return false;
  if (has.datatype.startsWith("FP") && wants.datatype === "BYTES") return false;
  const trim = (shape: readonly number[]) => (shape.at(-1) === 1 ? shape.slice(0, -1) : shape);
  const [a, b] = [trim(has.shape), trim(wants.shape)];
  return a.length === b.length && a.every((size, axis) => size === -1 || b[axis] === -1 || size === b[axis]);
}

const described = ({ datatype, shape }: TensorSpec): string => `${datatype} [${shape.join(", ")}]`;

const listed = (specs: readonly TensorSpec[]): string => specs.map(({ name }) => `"${name}"`).join(", ");
