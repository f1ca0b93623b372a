import { invalid } from "../../../errors.ts";
import { integersOf, textOf, wireFields, type WireField } from "./wire-fields.ts";

/** An input or output of a graph. */
export interface GraphValue {
  readonly name: string;
  /** `tensor`, or what else it is: `sequence`, `map`. */
  readonly kind: string;
  /** The element type by ONNX's number (TensorProto.DataType); 0 where it is no tensor. */
  readonly element: number;
  /** Sizes, null where one is not fixed; undefined where the graph does not say how many there are. */
  readonly shape: readonly (number | null)[] | undefined;
}

/** A node, as far as the meaning of outputs depends on it. */
export interface GraphNode {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The lists of class labels that it carries, by attribute name. */
  readonly labels: readonly string[] | undefined;
}

/** An ONNX model (onnx/onnx `onnx.proto`: ModelProto), in pieces. */
export interface ReadModel {
  readonly fields: readonly WireField[];
  readonly graph: readonly WireField[];
  readonly irVersion: number;
  /** Operator sets by domain; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
}

/** Names of TensorProto.DataType, as people write them. */
const elementNames = ["?", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64"];

export const elementName = (element: number): string => elementNames[element] ?? `type ${element}`;

/** Throws `training.not_onnx`; `name` is what the file is called. */
export function readModel(bytes: Uint8Array, name: string): ReadModel {
  const not = (why: string): Error => invalid("training.not_onnx", `The file ${name} that the training left is no ONNX model: ${why}`);
  try {
    const fields = wireFields(bytes);
    const graphs = fields.filter(({ number, bytes: content }) => number === 7 && content.length > 0);
    if (graphs.length !== 1) throw not("there is no graph in it");
    const graph = wireFields(graphs[0].bytes);
    const initialized = new Set(graph.flatMap((field) => (field.number === 5 ? [nameIn(field, 8)] : [])));
    // Before IR version 4 constants were listed as inputs, too.
    const inputs = valuesOf(graph, 11).filter((input) => !initialized.has(input.name));
    const outputs = valuesOf(graph, 12);
    if (outputs.length === 0) throw not("its graph has no outputs");
    return {
      fields,
      graph,
      irVersion: fields.find(({ number }) => number === 1)?.value ?? 0,
      opsets: new Map(fields.filter(({ number }) => number === 8).map(({ bytes: set }) => opsetOf(set))),
      inputs,
      outputs,
      nodes: graph.filter(({ number }) => number === 1).map(({ bytes: node }) => nodeOf(node)),
    };
  } catch (error) {
    if (error instanceof Error && error.name === "MillraceError") throw error;
    throw not(error instanceof Error ? error.message : String(error));
  }
}

const nameIn = ({ bytes }: WireField, number: number): string => {
  const field = wireFields(bytes).find((one) => one.number === number);
  return field ? textOf(field) : "";
};

function opsetOf(bytes: Uint8Array): [string, number] {
  const fields = wireFields(bytes);
  const domain = fields.find(({ number }) => number === 1);
  const name = domain ? textOf(domain) : "";
  return [name === "ai.onnx" ? "" : name, fields.find(({ number }) => number === 2)?.value ?? 1];
}

const valuesOf = (graph: readonly WireField[], number: number): GraphValue[] => graph.filter((field) => field.number === number).map(({ bytes }) => valueOf(bytes));

function valueOf(bytes: Uint8Array): GraphValue {
  const fields = wireFields(bytes);
  const name = fields.find(({ number }) => number === 1);
  const type = fields.find(({ number }) => number === 2);
  const [kind] = type ? wireFields(type.bytes) : [];
  const named = { name: name ? textOf(name) : "" };
  if (kind?.number !== 1) return { ...named, kind: kind?.number === 4 ? "sequence" : kind?.number === 5 ? "map" : "unknown", element: 0, shape: undefined };
  const tensor = wireFields(kind.bytes);
  const shape = tensor.find(({ number }) => number === 2);
  return { ...named, kind: "tensor", element: tensor.find(({ number }) => number === 1)?.value ?? 0, shape: shape && wireFields(shape.bytes).filter(({ number }) => number === 1).map(({ bytes: dimension }) => sizeOf(dimension)) };
}

function sizeOf(dimension: Uint8Array): number | null {
  const size = wireFields(dimension).find(({ number }) => number === 1);
  return size && size.value > 0 ? size.value : null;
}

function nodeOf(bytes: Uint8Array): GraphNode {
  const fields = wireFields(bytes);
  const texts = (number: number): string[] => fields.filter((field) => field.number === number).map(textOf);
  const labels = fields.filter(({ number }) => number === 5).map(({ bytes: attribute }) => wireFields(attribute)).flatMap((attribute) => {
    const name = attribute.find(({ number }) => number === 1);
    const list = name && /^(classlabels|classlabels_(strings|int64s|ints))$/.test(textOf(name)) ? [...attribute.filter(({ number }) => number === 9).map(textOf), ...integersOf(attribute, 8).map(String)] : [];
    return list.length > 0 ? [list] : [];
  });
  return { operator: texts(4)[0] ?? "", domain: texts(7)[0] ?? "", inputs: texts(1), outputs: texts(2), labels: labels[0] };
}
