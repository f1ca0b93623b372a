import { invalid } from "../../../errors.ts";
import { elementName, type GraphValue, type ReadModel } from "./read-model.ts";

/** Which values of a model are its answer, by their names in the model. */
export type OutputPlan =
  | { readonly kind: "number"; readonly value: string; readonly isDouble: boolean }
  | {
      readonly kind: "probabilities";
      readonly value: string;
      /** [rows] or [rows, 1]: the probability of the second of two classes. */
      readonly isSingle: boolean;
      /** The class that the model itself gives a row; undefined where it gives none. */
      readonly label: { readonly value: string; readonly isText: boolean } | undefined;
      /** Class labels in the order of the columns, as parts of the graph name them; several where they differ. */
      readonly named: readonly (readonly string[])[];
    };

const floats = [1, 11];
const labels = [8, 7, 6, 9];

const wrong = (message: string): Error => invalid("training.model_signature", message);

/**
 * Finds out which outputs of a model are its answers.
 *
 * @throws `training.model_signature`, which says what the model has and what is understood
 */
export function planOutputs(model: ReadModel, isRegression: boolean): OutputPlan {
  return isRegression ? numberOf(model.outputs) : probabilitiesOf(model);
}

const shown = (outputs: readonly GraphValue[]): string => outputs.map(({ name, kind, element, shape }) => `${name} (${kind === "tensor" ? `${elementName(element)}${shape ? ` [${shape.map((size) => size ?? "rows").join(", ")}]` : ""}` : kind})`).join(", ");

function numberOf(outputs: readonly GraphValue[]): OutputPlan {
  const numbers = outputs.filter(({ kind, element }) => kind === "tensor" && [...floats, 6, 7].includes(element));
  const chosen = numbers.length === 1 ? numbers[0] : numbers.find(({ name }) => name === "prediction");
  if (!chosen) throw wrong(`The target is a number, so the model must have one output of numbers (or one named prediction); it has ${shown(outputs)}`);
  if (chosen.shape !== undefined && (chosen.shape.length > 2 || (chosen.shape[1] ?? 1) !== 1)) throw wrong(`The model's output ${shown([chosen])} must be one number for each row, [rows, 1] or [rows]`);
  return { kind: "number", value: chosen.name, isDouble: chosen.element === 11 };
}

function probabilitiesOf({ outputs, nodes }: ReadModel): OutputPlan {
  const given = outputs.find(({ kind, element, name }) => kind === "tensor" && labels.includes(element) && !/prob/i.test(name));
  const label = given && { value: given.name, isText: given.element === 8 };
  // A list of dictionaries, as converters of classifiers write by default: the probabilities stand before it.
  const dictionary = nodes.find(({ operator, outputs: [name] }) => operator === "ZipMap" && outputs.some((output) => output.name === name));
  const named = [...new Set(nodes.flatMap((node) => (node.labels ? [JSON.stringify(node.labels)] : [])))].map((text) => JSON.parse(text) as string[]);
  if (dictionary) return { kind: "probabilities", value: dictionary.inputs[0], isSingle: false, label, named: dictionary.labels ? [dictionary.labels] : named };
  const numbers = outputs.filter(({ kind, element }) => kind === "tensor" && floats.includes(element));
  const likely = numbers.filter(({ name }) => /prob/i.test(name));
  const chosen = numbers.length === 1 ? numbers[0] : likely.length === 1 ? likely[0] : undefined;
  if (!chosen) {
    const what = numbers.length === 0 ? "gives classes and no probabilities, by which models are compared; use one that has them (in scikit-learn: predict_proba, or CalibratedClassifierCV around the model)" : "has several outputs of numbers; name the one with the probabilities `probabilities`";
    throw wrong(`The target is a class, and the model ${what}; its outputs are ${shown(outputs)}`);
  }
  if (chosen.shape !== undefined && (chosen.shape.length > 2 || chosen.shape.length === 0)) throw wrong(`The model's output ${shown([chosen])} must be a probability for each row and class, [rows, classes]`);
  return { kind: "probabilities", value: chosen.name, isSingle: chosen.shape?.length === 1 || chosen.shape?.[1] === 1, label, named };
}
