import type { Table } from "../data/types.ts";
import { labelsOf } from "./labels.ts";
import { modelGraph } from "./onnx/model-graph.ts";
import type { Prediction, Signature } from "./types.ts";

/** The naive predictor, which answers the same to every row: the mean of the target, or the share of each class, in the rows it is made of. */
export type Naive = { readonly mean: number } | { readonly shares: readonly number[] };

/** The naive predictor of some rows. */
export function naiveOf(table: Table, target: string, { classes }: Pick<Signature, "classes">): Naive {
  const column = table.columns.find((one) => one.name === target)!;
  if (classes === undefined && column.type === "number") return { mean: column.values.reduce((sum, value) => sum + value, 0) / table.rows };
  const labels = labelsOf(table, target);
  return { shares: classes!.map((name) => labels.filter((label) => label === name).length / table.rows) };
}

/** What it answers to so many rows. */
export function naivePrediction(naive: Naive, { task, classes = [] }: Pick<Signature, "task" | "classes">, rows: number): Prediction {
  if ("mean" in naive) return { task: "regression", values: new Float64Array(rows).fill(naive.mean) };
  const k = naive.shares.length;
  return { task: task === "multiclass" ? "multiclass" : "binary", classes, probabilities: Float64Array.from({ length: rows * k }, (_, i) => naive.shares[i % k]) };
}

/** The naive predictor as a graph with the inputs and outputs of a signature. */
export function naiveGraph(naive: Naive, signature: Signature): Uint8Array {
  const graph = modelGraph(signature);
  const [first] = signature.features;
  const rows = graph.node("Shape", [first.name], { attributes: { start: { int: 0 }, end: { int: 1 } } });
  const answers = "mean" in naive ? [naive.mean] : naive.shares;
  const shape = graph.node("Concat", [rows, graph.integers([answers.length])], { attributes: { axis: { int: 0 } } });
  const every = (value: string, output: string): string => graph.node("Expand", [value, shape], { output });
  if ("mean" in naive) {
    const wide = signature.targetOffset !== undefined;
    every(wide ? graph.double(naive.mean) : graph.floats([naive.mean], [1, 1]), "prediction");
    graph.addOutput("prediction", wide ? "double" : "float");
    return graph.encode("millrace", signature);
  }
  every(graph.floats(answers, [1, answers.length]), "probabilities");
  const classes = signature.classes ?? [];
  const index = graph.node("ArgMax", ["probabilities"], { attributes: { axis: { int: 1 }, keepdims: { int: 1 } } });
  graph.node("Gather", [graph.strings(classes), index], { output: "label" });
  graph.addOutput("label", "string");
  graph.addOutput("probabilities", "float", classes.length);
  return graph.encode("millrace", signature);
}
