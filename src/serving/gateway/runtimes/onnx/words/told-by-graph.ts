import type { TensorSpec } from "../../runtime.ts";
import { isOrtFormat } from "../ort-format.ts";
import { readDefinition } from "../rows/read-definition.ts";
import { classLabels } from "./class-labels.ts";
import { encodersIn } from "./encoders.ts";

export interface Specs {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * Reads of an ONNX file, once, what its graph tells of inputs and outputs beside types and shapes: inputs of any rank, the categories of encoders behind them, the
 * classes of outputs. What comes back adds it to them. What cannot be read tells nothing: the runtime has the last word on validity. Blocks its thread.
 */
export function toldByGraph(file: string): (specs: Specs) => Specs {
  const nothing = (specs: Specs): Specs => specs;
  if (isOrtFormat(file)) return nothing;
  try {
    const { graph } = readDefinition(file);
    const encoders = encodersIn(graph);
    const classes = classLabels(graph);
    const rankless = new Set([...graph.inputs, ...graph.outputs].filter(({ shape }) => shape === undefined).map(({ name }) => name));
    const rank = ({ name, shape }: TensorSpec) => rankless.has(name) && shape.length === 0 && { anyRank: true };
    return ({ inputs, outputs }) => ({
      inputs: inputs.map((spec) => ({ ...spec, ...rank(spec), ...(encoders.has(spec.name) && { encoders: encoders.get(spec.name) }) })),
      outputs: outputs.map((spec) => ({ ...spec, ...rank(spec), ...(classes.has(spec.name) && { classes: classes.get(spec.name) }) })),
    });
  } catch (error) {
    if (error instanceof RangeError) return nothing;
    throw error;
  }
}
