import { invalid } from "../../../errors.ts";
import type { MillraceError } from "../../../errors.ts";
import type { Model } from "../runtimes/runtime.ts";
import type { Tensor } from "./tensor.ts";

/** Refuses a request for outputs that the model does not have. */
export function checkOutputs(model: Model, wanted: readonly string[] | undefined): void {
  const names = model.outputs.map((output) => output.name);
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown === undefined || names.length === 0) return; // A model may not know its outputs before its first answer.
  throw unknownOutput(unknown, names);
}

function unknownOutput(unknown: string, names: readonly string[]): MillraceError {
  const known = names.map((name) => `"${name}"`).join(", ");
  return invalid("serving.output_unknown", `The model has no output "${unknown}"; its outputs are ${known}.`);
}

/** The outputs that a request asks for, in its order; all when it asks for none. */
export const selectOutputs = (outputs: readonly Tensor[], wanted: readonly string[] | undefined): readonly Tensor[] =>
  wanted ? wanted.map((name) => outputs.find((tensor) => tensor.name === name) ?? missingOutput(name, outputs)) : outputs;

/** A model without a signature may answer otherwise than it did before. */
const missingOutput = (name: string, outputs: readonly Tensor[]): never => {
  throw unknownOutput(name, outputs.map((tensor) => tensor.name));
};
