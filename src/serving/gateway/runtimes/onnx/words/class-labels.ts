import type { GraphNode, WordGraph, WordList } from "./read-graph.ts";

const classifiers = new Set(["ai.onnx.ml.TreeEnsembleClassifier", "ai.onnx.ml.LinearClassifier", "ai.onnx.ml.SVMClassifier"]);
const labelLists = ["classlabels_strings", "classlabels_int64s", "classlabels_ints"];
/** Operators that leave each column of scores where it is, as long as whatever else they take is constant. */
const keepColumns = new Set(["Identity", "Cast", "ai.onnx.ml.Normalizer", "Softmax", "Sigmoid", "Mul", "Div", "Add", "Sub", "Clip", "Exp"]);
/** On the way from the place of the best class to its label. */
const keepLabel = new Set(["Identity", "Cast", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/**
 * The class labels of the columns of outputs, by output: of a classifier of ai.onnx.ml whose scores go out, of a ZipMap, and of the graphs that pick the label of the
 * best score from a list of them (as skl2onnx writes most classifiers).
 */
export function classLabels(graph: WordGraph): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const label = (name: string, labels: readonly string[]) => {
    const width = outputs.get(name)?.shape?.[1] ?? -1;
    if (outputs.has(name) && (width < 0 || width === labels.length)) found.set(name, labels);
  };
  for (const node of graph.nodes) {
    const labels = labelsOf(node);
    if (!labels) continue;
    if (node.operator === "ai.onnx.ml.ZipMap") found.set(node.outputs[0], labels);
    // Scores of a support vector machine without probabilities are votes of pairs.
    else if (classifiers.has(node.operator) && (node.operator !== "ai.onnx.ml.SVMClassifier" || node.has.has("prob_a"))) {
      for (const name of onwards(graph, node.outputs[1])) label(name, labels);
    }
  }
  const picked = found.size === 0 ? pickedLabels(graph) : undefined;
  if (picked) for (const { name, shape } of graph.outputs) if (shape?.[1] === picked.length) label(name, picked);
  return found;
}

function labelsOf({ lists }: GraphNode): readonly string[] | undefined {
  for (const name of labelLists) {
    const list = lists.get(name);
    if (list) return textsOf(list);
  }
  return undefined;
}

const textsOf = ({ texts, numbers }: WordList): readonly string[] => texts ?? numbers!.map(String);

/** The names of a value and of what is made of it column by column. */
function onwards({ nodes, initializers }: WordGraph, scores: string | undefined): ReadonlySet<string> {
  const names = new Set<string>(scores === undefined ? [] : [scores]);
  for (const { operator, inputs, outputs } of nodes) {
    if (!keepColumns.has(operator) || !inputs.some((input) => names.has(input))) continue;
    if (inputs.every((input) => input === "" || names.has(input) || initializers.has(input))) names.add(outputs[0]);
  }
  return names;
}

/** The list from which an output picks a label by the place of the greatest score. */
function pickedLabels({ nodes, constants, outputs }: WordGraph): readonly string[] | undefined {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const through = (name: string): GraphNode | undefined => {
    let node = makers.get(name);
    while (node && keepLabel.has(node.operator)) node = makers.get(node.inputs[0]);
    return node;
  };
  for (const { name } of outputs) {
    const pick = through(name);
    if (pick?.operator !== "ai.onnx.ml.ArrayFeatureExtractor") continue;
    const list = constants.get(pick.inputs[0]);
    if (list && through(pick.inputs[1])?.operator === "ArgMax") return textsOf(list);
  }
  return undefined;
}
