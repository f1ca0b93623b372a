import { addOutputs, lookUpCategories, modelGraph } from "../onnx/model-graph.ts";
import { columnsOf } from "../columns.ts";
import type { OnnxGraph } from "../onnx/graph.ts";
import { mostDeviations } from "./encoding.ts";
import type { CategoryEncoding, NumberEncoding } from "./encoding.ts";
import type { FittedLinear } from "./model.ts";

/**
 * The model as a graph: standardised numbers times their coefficients, plus a looked-up row of coefficients per
 * category, plus the intercepts.
 */
export function linearToOnnx(fitted: FittedLinear): Uint8Array {
  const { signature, encodings, width, outputs, coefficients } = fitted;
  const graph = modelGraph(signature);
  const columns = columnsOf(signature);
  const numbers: { name: string; encoding: NumberEncoding }[] = [];
  const parts: string[] = [];
  encodings.forEach((encoding, f) => {
    const { name } = columns[f];
    if (encoding.type === "number") numbers.push({ name, encoding });
    else parts.push(addCategory(graph, name, encoding, fitted));
  });
  if (numbers.length > 0) parts.push(addNumbers(graph, numbers, fitted));
  const intercepts = Array.from({ length: outputs }, (_, k) => coefficients[k * (width + 1) + width]);
  const scores = graph.node("Sum", [...parts, graph.floats(intercepts, [1, outputs])]);
  addOutputs(graph, signature, scores);
  return graph.encode("linear", signature);
}

function addNumbers(
  graph: OnnxGraph,
  numbers: readonly { name: string; encoding: NumberEncoding }[],
  { width, outputs, coefficients }: FittedLinear,
): string {
  const names = numbers.map(({ name }) => graph.column(name));
  const row = (valueOf: (encoding: NumberEncoding) => number): string =>
    graph.floats(
      numbers.map(({ encoding }) => valueOf(encoding)),
      [1, numbers.length],
    );
  const matrix = names.length === 1 ? names[0] : graph.node("Concat", names, { attributes: { axis: { int: 1 } } });
  const centred = graph.node("Sub", [matrix, row(({ mean }) => mean)]);
  const scaled = graph.node("Div", [centred, row(({ deviation }) => deviation)]);
  const limited = graph.node("Clip", [scaled, graph.floats([-mostDeviations], []), graph.floats([mostDeviations], [])]);
  // An infinite value of a constant column gives ∞ / ∞, which is not a number either.
  const none = graph.node("IsNaN", [scaled]);
  const values = graph.node("Where", [none, graph.floats([0], [1]), limited]);
  const weights = numbers.flatMap(({ encoding }) =>
    Array.from({ length: outputs }, (_, k) => coefficients[k * (width + 1) + encoding.position]),
  );
  return graph.node("MatMul", [values, graph.floats(weights, [numbers.length, outputs])]);
}

function addCategory(
  graph: OnnxGraph,
  name: string,
  { positionOf }: CategoryEncoding,
  { width, outputs, coefficients }: FittedLinear,
): string {
  const rowOf = new Map([...positionOf.keys()].map((category, i) => [category, i + 1]));
  const weightsOf = (position: number): number[] =>
    Array.from({ length: outputs }, (_, k) => coefficients[k * (width + 1) + position]);
  const table = [...new Float64Array(outputs), ...[...positionOf.values()].flatMap(weightsOf)];
  return lookUpCategories(graph, name, rowOf, table, outputs);
}
