import { invalid } from "../../errors.ts";
import { OnnxGraph } from "../onnx/graph.ts";
import { readModel } from "../recipes/graph/read-model.ts";
import { renameValues } from "../recipes/graph/rename-values.ts";
import { concatenated, wireBytes, wireFields, type WireField } from "../recipes/graph/wire-fields.ts";
import type { Signature } from "../types.ts";
import { leastProbability, type Calibration } from "./types.ts";

const [graphField, nodes, constants, outputs] = [7, 1, 5, 12];

/**
 * A graph that `trainers.ts` or `wrap-model.ts` wrote, with a calibration as nodes at its end: the same inputs, outputs and signature. Numbers are calculated in
 * double, as `apply-calibration.ts` does.
 */
export function calibratedGraph(bytes: Uint8Array, signature: Signature, calibration: Calibration): Uint8Array {
  const model = readModel(bytes, "of the champion");
  const names = new Set<string>();
  renameValues(model.graph, (name) => (names.add(name), name));
  const scope = unusedScope(names);
  const answers = model.outputs.map(({ name }) => name);
  const renamed = renameValues(model.graph.filter(({ number }) => number !== outputs), (name) => (answers.includes(name) ? `${scope}${name}` : name));
  const end = new OnnxGraph(signature.features.map(({ name }) => name), answers, scope);
  if (calibration.kind === "linear") addLinear(end, scope, calibration, model.outputs.find(({ name }) => name === "prediction")?.element === 11);
  else addLogits(end, scope, calibration, signature.classes ?? []);
  const added = wireFields(wireFields(end.encode("millrace", signature)).find(({ number }) => number === graphField)!.bytes);
  const only = (...numbers: number[]): Uint8Array[] => added.filter(({ number }: WireField) => numbers.includes(number)).map(({ raw }) => raw);
  const graph = concatenated([...renamed, ...only(nodes), ...only(constants), ...only(outputs)]);
  return concatenated([...model.fields.filter(({ number }) => number !== graphField).map(({ raw }) => raw), wireBytes(graphField, graph)]);
}

/** Throws `training.not_calibrated` for a graph that has no room for a calibration. */
export function requireRoom(bytes: Uint8Array): void {
  const version = readModel(bytes, "of the champion").opsets.get("") ?? 0;
  // Softmax along one axis, and ReduceSum with its axes as an input.
  if (version < 13) throw invalid("training.not_calibrated", `its graph is written in operator set ${version} of ONNX, and the nodes of a calibration take 13 or later`);
}

/** A beginning of names that no value of the graph has. */
function unusedScope(names: ReadonlySet<string>): string {
  let scope = "calibration/";
  while ([...names].some((name) => name.startsWith(scope))) scope = `_${scope}`;
  return scope;
}

const [float, double] = [1, 11];
const cast = (graph: OnnxGraph, value: string, to: number, output?: string): string => graph.node("Cast", [value], { attributes: { to: { int: to } }, ...(output !== undefined && { output }) });

function addLinear(graph: OnnxGraph, scope: string, { slope, offset }: Calibration & { kind: "linear" }, isDouble: boolean): void {
  const scaled = graph.node("Mul", [cast(graph, `${scope}prediction`, double), graph.double(slope)]);
  cast(graph, graph.node("Add", [scaled, graph.double(offset)]), isDouble ? double : float, "prediction");
  graph.addOutput("prediction", isDouble ? "double" : "float");
}

function addLogits(graph: OnnxGraph, scope: string, { slope, biases }: Calibration & { kind: "logits" }, classes: readonly string[]): void {
  const given = cast(graph, `${scope}probabilities`, double);
  const least = graph.double(leastProbability);
  // Not Max, which some runtimes answer a NaN with its other side.
  const bounded = graph.node("Where", [graph.node("Less", [given, least]), least, given]);
  const scaled = graph.node("Mul", [graph.node("Log", [bounded]), graph.double(slope)]);
  const exact = graph.node("Softmax", [graph.node("Add", [scaled, graph.doubles(biases, [1, biases.length])])], { attributes: { axis: { int: 1 } } });
  cast(graph, exact, float, "probabilities");
  const best = graph.node("ArgMax", ["probabilities"], { attributes: { axis: { int: 1 }, keepdims: { int: 1 } } });
  // A row that the model does not take has no class.
  const missing = graph.node("IsNaN", [graph.node("ReduceSum", ["probabilities", graph.integers([1])], { attributes: { keepdims: { int: 1 } } })]);
  const index = graph.node("Where", [missing, graph.integers([classes.length]), best]);
  graph.node("Gather", [graph.strings([...classes, ""]), index], { output: "label" });
  graph.addOutput("label", "string");
  graph.addOutput("probabilities", "float", classes.length);
}
