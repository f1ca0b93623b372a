import type { Model } from "./runtimes/runtime.ts";
import type { Input } from "./tensors/input.ts";
import { datatypes } from "./tensors/tensor.ts";
import type { Datatype, Tensor } from "./tensors/tensor.ts";

/** How a model that names no inputs gets what has no name. */
const namelessInput = "inputs";

/** Inputs without a row, for a request whose form names none then: an empty list of rows. */
export const noRowsOf = ({ inputs }: Model): Input[] =>
  inputs.length === 0 ? [noRows(namelessInput, "FP64", [])] : inputs.filter(({ optional }) => !optional).map(({ name, datatype, shape }) => noRows(name, datatype, shape.slice(1)));

/**
 * What a model that works row by row answers to no rows, without being asked: runtimes and the code of users differ in what they make of none. A
 * dimension that it leaves open has 0; a model that does not know its outputs yet answers with none.
 */
export const answerToNoRows = ({ outputs }: Model): readonly Tensor[] => outputs.map(({ name, datatype, shape }) => noRows(name, datatype, shape.slice(1)));

function noRows(name: string, datatype: Datatype, tail: readonly number[]): Tensor {
  const { array } = datatypes.get(datatype)!;
  return { name, datatype, shape: [0, ...tail.map((size) => Math.max(0, size))], data: array ? new array(0) : [] };
}
