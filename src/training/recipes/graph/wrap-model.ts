import { invalid } from "../../../errors.ts";
import { OnnxGraph } from "../../onnx/graph.ts";
import type { Signature } from "../../types.ts";
import type { InputPlan } from "./input-plan.ts";
import type { OutputPlan } from "./output-plan.ts";
import type { ReadModel } from "./read-model.ts";
import { renameValues } from "./rename-values.ts";
import { concatenated, textOf, wireBytes, wireFields, wireNumber, wireText, type WireField } from "./wire-fields.ts";

/** What a wrapped graph answers: the model's own words, to learn which column is which class; or what our graphs answer, columns in the order of the signature. */
export type Answers = { readonly as: "raw" } | { readonly as: "ours"; /** Of each class of the signature, its column in the model's answer. */ readonly order: readonly number[] };

/** Outputs of a raw graph. */
export const rawOutputs = { probabilities: "raw_probabilities", label: "raw_label" } as const;

/**
 * One ONNX graph around somebody's: inputs by feature as our own graphs have them, the model as it is under names of its own, and the outputs of our own
 * graphs. So whatever works with a model that was trained here works with this one.
 *
 * @throws `training.model_signature` where the model's operators leave no room for ours; `training.feature_name_reserved`
 */
export function wrapModel(model: ReadModel, inputs: InputPlan, outputs: OutputPlan, signature: Signature, answers: Answers): Uint8Array {
  const outward = answers.as === "raw" ? Object.values(rawOutputs) : signature.task === "regression" ? ["prediction"] : ["label", "probabilities"];
  const names = signature.features.map(({ name }) => name);
  const [before, after] = ["in/", "out/"].map((scope) => new OnnxGraph(names, outward, scope));
  const prefix = prefixFor(names);
  const refused = inputs.build(before, prefix);
  addAnswers(after, outputs, signature, prefix, refused, answers);
  const [start, end] = [before, after].map((graph) => wireFields(wireFields(graph.encode("millrace", signature)).find(({ number }) => number === 7)!.bytes));
  const only = (fields: readonly WireField[], ...numbers: number[]): Uint8Array[] => fields.filter(({ number }) => numbers.includes(number)).map(({ raw }) => raw);
  const inner = model.graph.filter(({ number, bytes }) => ![2, 10, 11, 12].includes(number) && !(number === 1 && isDictionary(bytes)));
  const graph = concatenated([
    ...only(start, 1),
    ...renameValues(inner, (name) => `${prefix}${name}`),
    ...only(end, 1),
    wireText(2, "millrace"),
    ...only(start, 5),
    ...only(end, 5),
    ...only(start, 11),
    ...only(end, 12),
  ]);
  // Training information (20) names values by the names they had.
  const others = model.fields.filter(({ number, bytes }) => ![1, 7, 8, 20].includes(number) && !(number === 14 && keyOf(bytes) === signatureKey));
  return concatenated([
    wireNumber(1, Math.max(model.irVersion, 8)),
    ...others.map(({ raw }) => raw),
    ...operatorSets(model).map(([domain, version]) => wireBytes(8, concatenated([...(domain === "" ? [] : [wireText(1, domain)]), wireNumber(2, version)]))),
    wireBytes(14, concatenated([wireText(1, signatureKey), wireText(2, JSON.stringify(signature))])),
    wireBytes(7, graph),
  ]);
}

const signatureKey = "millrace.signature";

const isDictionary = (node: Uint8Array): boolean => wireFields(node).some((field) => field.number === 4 && textOf(field) === "ZipMap");

const keyOf = (entry: Uint8Array): string => {
  const key = wireFields(entry).find(({ number }) => number === 1);
  return key ? textOf(key) : "";
};

/** A beginning of names that no feature has. */
function prefixFor(features: readonly string[]): string {
  let prefix = "model/";
  while (features.some((name) => name.startsWith(prefix))) prefix = `_${prefix}`;
  return prefix;
}

/** The model's operator sets, with the one for classical models in a version that reads texts as numbers: between 1 and 3 only LabelEncoder changed its meaning. */
function operatorSets({ opsets, nodes }: ReadModel): [string, number][] {
  const classical = opsets.get("ai.onnx.ml") ?? 3;
  if (classical < 2 && nodes.some(({ operator, domain }) => operator === "LabelEncoder" && domain === "ai.onnx.ml")) {
    throw invalid("training.model_signature", "The model is written in operator set 1 of ai.onnx.ml and uses its LabelEncoder, which later ones changed; export it with a newer one (in skl2onnx: target_opset={'': 17, 'ai.onnx.ml': 3})");
  }
  return [...new Map([...opsets, ["ai.onnx.ml", Math.max(classical, 3)] as const])];
}

function addAnswers(graph: OnnxGraph, outputs: OutputPlan, { classes = [] }: Signature, prefix: string, refused: string | undefined, answers: Answers): void {
  const cast = (value: string, to: number): string => graph.node("Cast", [value], { attributes: { to: { int: to } } });
  const column = (value: string): string => graph.node("Reshape", [value, graph.integers([-1, 1])]);
  if (outputs.kind === "number") {
    const value = outputs.isDouble ? column(`${prefix}${outputs.value}`) : cast(column(`${prefix}${outputs.value}`), 1);
    const nothing = outputs.isDouble ? graph.double(Number.NaN) : graph.floats([Number.NaN], [1]);
    if (refused === undefined) graph.node("Identity", [value], { output: "prediction" });
    else graph.node("Where", [refused, nothing, value], { output: "prediction" });
    graph.addOutput("prediction", outputs.isDouble ? "double" : "float");
    return;
  }
  const single = outputs.isSingle ? cast(column(`${prefix}${outputs.value}`), 1) : undefined;
  const all = single === undefined ? cast(`${prefix}${outputs.value}`, 1) : graph.node("Concat", [graph.node("Sub", [graph.floats([1], [1]), single]), single], { attributes: { axis: { int: 1 } } });
  if (answers.as === "raw") {
    graph.node("Identity", [all], { output: rawOutputs.probabilities });
    graph.addOutput(rawOutputs.probabilities, "float", classes.length);
    const { label } = outputs;
    if (label === undefined) return;
    const given = column(`${prefix}${label.value}`);
    graph.node("Identity", [label.isText ? given : cast(cast(given, 7), 8)], { output: rawOutputs.label });
    graph.addOutput(rawOutputs.label, "string");
    return;
  }
  const ordered = answers.order.every((from, to) => from === to) ? all : graph.node("Gather", [all, graph.integers(answers.order)], { attributes: { axis: { int: 1 } } });
  if (refused === undefined) graph.node("Identity", [ordered], { output: "probabilities" });
  else graph.node("Where", [refused, graph.floats([Number.NaN], [1]), ordered], { output: "probabilities" });
  const best = graph.node("ArgMax", [ordered], { attributes: { axis: { int: 1 }, keepdims: { int: 1 } } });
  // A row that the model cannot take has no class.
  const index = refused === undefined ? best : graph.node("Where", [refused, graph.integers([classes.length]), best]);
  graph.node("Gather", [graph.strings([...classes, ...(refused === undefined ? [] : [""])]), index], { output: "label" });
  graph.addOutput("label", "string");
  graph.addOutput("probabilities", "float", classes.length);
}
