import { columnsOf } from "../columns.ts";
import type { Signature } from "../types.ts";
import { OnnxGraph } from "./graph.ts";
import { addTimeColumn } from "./time-nodes.ts";

const outputsOf = ({ task }: Signature): string[] =>
  task === "regression" ? ["prediction"] : ["label", "probabilities"];

/**
 * A graph with one input per feature, named as the feature: float [rows, 1] with NaN for missing (double where float would fold its values, and for points
 * in time, which are milliseconds since 1970), or string [rows, 1] with "" for missing. `graph.column` gives what the algorithm sees of them.
 */
export function modelGraph(signature: Signature): OnnxGraph {
  const graph = new OnnxGraph(
    signature.features.map(({ name }) => name),
    outputsOf(signature),
  );
  const columns = columnsOf(signature);
  const wide = new Set(columns.flatMap(({ name, offset }) => (offset === undefined ? [] : [name])));
  for (const { name, type } of signature.features) graph.addInput(name, type === "category" ? "string" : type === "timestamp" || wide.has(name) ? "double" : "float");
  for (const { name, from, offset } of columns) {
    if (from) graph.setColumn(name, addTimeColumn(graph, from));
    else if (offset === undefined) graph.setColumn(name, name);
    else graph.setColumn(name, graph.node("Cast", [graph.node("Sub", [name, graph.double(offset)])], { attributes: { to: { int: 1 } } }));
  }
  return graph;
}

/**
 * A table row per value of a categorical feature: `values[category]` of `table`, and row 0 for a missing or unseen
 * category. Returns the name of a float [rows, columns] value.
 */
export function lookUpCategories(
  graph: OnnxGraph,
  feature: string,
  rowOf: ReadonlyMap<string, number>,
  table: ArrayLike<number>,
  columns: number,
): string {
  const keys = [...rowOf.keys()];
  if (keys.length === 0) {
    // An encoder needs a key; the missing category serves as well as any, as it leads to row 0 anyway.
    return lookUpCategories(graph, feature, new Map([["", 0]]), table, columns);
  }
  const code = graph.node("LabelEncoder", [graph.column(feature)], {
    domain: "ai.onnx.ml",
    attributes: {
      keys_strings: { strings: keys },
      values_int64s: { ints: keys.map((key) => rowOf.get(key)!) },
      default_int64: { int: 0 },
    },
  });
  const flat = graph.node("Squeeze", [code, graph.integers([1])]);
  return graph.node("Gather", [graph.floats(table, [table.length / columns, columns]), flat]);
}

/**
 * Ends the graph with the task's outputs, made from float scores [rows, outputs]: `prediction` float [rows, 1] (double
 * where an offset was taken off the target) for regression; else `label` string [rows, 1] and `probabilities` float [rows, classes], where equal probabilities give
 * the first class.
 */
export function addOutputs(graph: OnnxGraph, { task, classes = [], targetOffset }: Signature, scores: string): void {
  if (task === "regression" && targetOffset !== undefined) {
    const wide = graph.node("Cast", [scores], { attributes: { to: { int: 11 } } });
    graph.node("Add", [wide, graph.double(targetOffset)], { output: "prediction" });
    graph.addOutput("prediction", "double");
    return;
  }
  if (task === "regression") {
    graph.node("Identity", [scores], { output: "prediction" });
    graph.addOutput("prediction", "float");
    return;
  }
  if (task === "binary") {
    // Each side has its own sigmoid: 1 − p would lose the small probabilities.
    const other = graph.node("Neg", [scores]);
    const both = graph.node("Concat", [other, scores], { attributes: { axis: { int: 1 } } });
    graph.node("Sigmoid", [both], { output: "probabilities" });
  } else {
    graph.node("Softmax", [scores], { attributes: { axis: { int: 1 } }, output: "probabilities" });
  }
  const index = graph.node("ArgMax", ["probabilities"], { attributes: { axis: { int: 1 }, keepdims: { int: 1 } } });
  graph.node("Gather", [graph.strings(classes), index], { output: "label" });
  graph.addOutput("label", "string");
  graph.addOutput("probabilities", "float", classes.length);
}
