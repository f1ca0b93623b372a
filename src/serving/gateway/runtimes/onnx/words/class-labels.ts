import type { Attribute, GraphDefinition, NodeDefinition, TensorDefinition } from "../rows/definition.ts";
import { operatorOf } from "./origins.ts";

const classifiers = new Set(["ml.TreeEnsembleClassifier", "ml.LinearClassifier", "ml.SVMClassifier"]);
const labelLists = ["classlabels_strings", "classlabels_int64s", "classlabels_ints"];
/** Operators that leave each column of scores where it is, as long as whatever else they take is constant. */
const keepColumns = new Set(["Identity", "Cast", "ml.Normalizer", "Softmax", "Sigmoid", "Mul", "Div", "Add", "Sub", "Clip", "Exp"]);
/** On the way from the place of the best class to its label. */
const keepLabel = new Set(["Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/**
 * The class labels of the columns of outputs, by output: of a classifier of ai.onnx.ml whose scores go out, of a ZipMap, and of the graphs that pick the label of the
 * best score from a list of them (as skl2onnx writes most classifiers).
 */
export function classLabels(graph: GraphDefinition): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const label = (name: string, labels: readonly string[]) => {
    const width = outputs.get(name)?.shape?.[1];
    if (outputs.has(name) && (typeof width !== "number" || width === labels.length)) found.set(name, labels);
  };
  for (const node of graph.nodes) {
    const labels = labelsOf(node);
    if (!labels) continue;
    const operator = operatorOf(node);
    if (operator === "ml.ZipMap") found.set(node.outputs[0], labels);
    // Scores of a support vector machine without probabilities are votes of pairs.
    else if (classifiers.has(operator) && (operator !== "ml.SVMClassifier" || node.attributes.has("prob_a"))) {
      for (const name of onwards(graph, node.outputs[1])) label(name, labels);
    }
  }
  const picked = found.size === 0 ? pickedLabels(graph) : undefined;
  if (picked) for (const { name, shape } of graph.outputs) if (shape?.[1] === picked.length) label(name, picked);
  return found;
}

function labelsOf({ attributes }: NodeDefinition): readonly string[] | undefined {
  for (const name of labelLists) {
    const list = attributes.get(name);
    if (list) return textsOf(list.texts, list.ints);
  }
  return undefined;
}

const textsOf = (texts: Attribute["texts"], numbers: TensorDefinition["values"]): readonly string[] | undefined => texts ?? numbers?.map(String);

/** The names of a value and of what is made of it column by column. */
function onwards({ nodes, constants }: GraphDefinition, scores: string | undefined): ReadonlySet<string> {
  const constant = new Set(constants.map(({ name }) => name));
  const names = new Set<string>(scores === undefined ? [] : [scores]);
  for (const node of nodes) {
    const { inputs, outputs } = node;
    if (!keepColumns.has(operatorOf(node)) || !inputs.some((input) => names.has(input))) continue;
    if (inputs.every((input) => input === "" || names.has(input) || constant.has(input))) names.add(outputs[0]);
  }
  return names;
}

/** The list from which an output picks a label by the place of the greatest score. */
function pickedLabels({ nodes, constants, outputs }: GraphDefinition): readonly string[] | undefined {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const through = (name: string): NodeDefinition | undefined => {
    let node = makers.get(name);
    while (node && keepLabel.has(operatorOf(node))) node = makers.get(node.inputs[0]);
    return node;
  };
  for (const { name } of outputs) {
    const pick = through(name);
    if (!pick || operatorOf(pick) !== "ml.ArrayFeatureExtractor") continue;
    const list = constants.find((constant) => constant.name === pick.inputs[0]);
    const best = through(pick.inputs[1]);
    if (list && best && operatorOf(best) === "ArgMax") return textsOf(list.texts, list.values);
  }
  return undefined;
}
