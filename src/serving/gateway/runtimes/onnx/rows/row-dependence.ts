import { isCoarse } from "./coarse.ts";
import type { ModelDefinition } from "./definition.ts";
import { Evaluation } from "./evaluate.ts";
import { rows, type Fact } from "./facts.ts";
import { readDefinition } from "./read-definition.ts";
import { isOne, overSize, rowCount, sizeOf, someSize } from "./sizes.ts";

/** What the graph of a model shows of its rows. */
export interface RowDependence {
  /** Every output has, along its first dimension, what depends on one row of the inputs alone, in their order. */
  readonly independent: boolean;
  /** Why that is not shown, as a sentence. */
  readonly why?: string;
  /** Data decide how many rows an output has. */
  readonly unsized?: boolean;
}

/** What the graph of a model says of its answers. */
export interface GraphFacts extends RowDependence {
  /** It rounds on its way, to integers of 8 bits or to half precision: how it is run moves its answers more than float32 does. */
  readonly coarse?: boolean;
}

/** Reads from the graph of an ONNX file whether its rows depend on each other; what cannot be read or is not understood is not shown. Blocks its thread. */
export function graphFacts(file: string): GraphFacts {
  try {
    const model = readDefinition(file);
    return { ...dependenceOf(model), ...(isCoarse(model) && { coarse: true }) };
  } catch (error) {
    if (error instanceof RangeError) return notShown(`The graph cannot be followed: ${error.message}.`);
    throw error;
  }
}

const notShown = (why: string, unsized = false): RowDependence => ({ independent: false, why, ...(unsized && { unsized }) });

function dependenceOf(model: ModelDefinition): RowDependence {
  const { graph } = model;
  const constants = new Set([...graph.constants.map(({ name }) => name), ...graph.sparse]);
  const inputs = new Map<string, Fact>();
  for (const { name, shape } of graph.inputs) {
    if (constants.has(name)) continue; // files of before IR version 4 list constants among the inputs
    if (!shape) return notShown(`The input "${name}" is of any shape.`);
    const [first, ...tail] = shape;
    if (shape.length === 0) return notShown(`The input "${name}" is a single number.`);
    if (typeof first === "number") return notShown(`The first dimension of the input "${name}" is always ${first}.`);
    if (first !== undefined && tail.includes(first)) return notShown(`The input "${name}" is as long in another dimension as it has rows ("${first}").`);
    inputs.set(name, rows([rowCount, ...tail.map((size) => (typeof size === "number" ? sizeOf(size) : someSize()))], 0));
  }
  if (inputs.size === 0) return notShown("The graph has no inputs.");
  const outputs = new Evaluation(model).outputs(inputs);
  for (const [at, fact] of outputs.entries()) {
    const { name } = graph.outputs[at];
    if (fact.of === "mixed") return notShown(`${fact.why}.`, outputs.some((one) => one.of === "mixed" && one.unsized));
    if (fact.of === "fixed" || fact.of === "count") return notShown(`The output "${name}" is not made of rows.`);
    const perRow = overSize(fact.shape[fact.axis], rowCount);
    if (fact.axis !== 0 || !perRow || !isOne(perRow)) return notShown(`The first dimension of the output "${name}" does not count rows.`);
  }
  return { independent: true };
}

