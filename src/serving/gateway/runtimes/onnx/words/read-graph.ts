import { closeSync, fstatSync, openSync } from "node:fs";
import { ProtobufWindow, type Field } from "../rows/protobuf-window.ts";

/** A list of words or numbers, as encoders and classifiers carry them. */
export interface WordList {
  readonly texts?: readonly string[];
  readonly numbers?: readonly number[];
}

export interface GraphNode {
  /** `ai.onnx.ml.OneHotEncoder`; without a domain for ONNX's own operators. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of those that are read: lists of words and numbers (`cats_strings`), and single integers (`zeros`, `axis`). */
  readonly lists: ReadonlyMap<string, WordList>;
  readonly integers: ReadonlyMap<string, number>;
  /** Names of all attributes that lists may be read of. */
  readonly has: ReadonlySet<string>;
}

/** An input or output as the graph declares it. */
export interface DeclaredValue {
  readonly name: string;
  /** -1 where a dimension is open; undefined where the graph says nothing of the rank, or it is no tensor. */
  readonly shape: readonly number[] | undefined;
}

/** What of an ONNX graph tells which words it knows. Graphs within operators are not read. */
export interface WordGraph {
  readonly nodes: readonly GraphNode[];
  /** Constants of few texts or integers, by name. */
  readonly constants: ReadonlyMap<string, WordList>;
  /** Names of all constants. */
  readonly initializers: ReadonlySet<string>;
  readonly inputs: readonly DeclaredValue[];
  readonly outputs: readonly DeclaredValue[];
}

/** Attributes with words or numbers that stand for categories and classes; all others of ai.onnx.ml are weights. */
const wordAttributes = new Set(["cats_strings", "cats_int64s", "keys_strings", "keys_int64s", "classlabels_strings", "classlabels_int64s", "classlabels_ints", "zeros", "axis", "prob_a"]);
const mostWords = 100_000;
/** A longer constant is a weight. */
const mostElements = 4096;
const mostNodes = 1_000_000;

/** Field numbers of onnx/onnx, onnx-ml.proto. Types of TensorProto: INT32 6, INT64 7, STRING 8. */
const types = { int32: 6, int64: 7, string: 8 };

/** Reads the words of an ONNX file, stepping over weights. Blocks its thread. Throws a RangeError where the file is no ONNX model. */
export function readWordGraph(path: string): WordGraph {
  const descriptor = openSync(path, "r");
  try {
    const file = new ProtobufWindow(descriptor);
    for (const field of file.fields(0, fstatSync(descriptor).size)) if (field.number === 7) return graphOf(file, field);
    throw new RangeError("it has no graph");
  } finally {
    closeSync(descriptor);
  }
}

function graphOf(file: ProtobufWindow, graph: Field): WordGraph {
  const nodes: GraphNode[] = [];
  const constants = new Map<string, WordList>();
  const initializers = new Set<string>();
  const [inputs, outputs]: [DeclaredValue[], DeclaredValue[]] = [[], []];
  for (const field of file.fields(graph.start, graph.end)) {
    if (field.number === 1) {
      if (nodes.length === mostNodes) throw new RangeError(`it has more than ${mostNodes} nodes`);
      nodes.push(nodeOf(file, field));
    } else if (field.number === 5) {
      const { name, list } = tensorOf(file, field);
      initializers.add(name);
      if (list) constants.set(name, list);
    } else if (field.number === 11) inputs.push(valueOf(file, field));
    else if (field.number === 12) outputs.push(valueOf(file, field));
  }
  return { nodes, constants, initializers, inputs: inputs.filter(({ name }) => !initializers.has(name)), outputs };
}

function nodeOf(file: ProtobufWindow, { start, end }: Field): GraphNode {
  let [operator, domain] = ["", ""];
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes: Field[] = [];
  for (const field of file.fields(start, end)) {
    if (field.number === 1) inputs.push(file.text(field));
    else if (field.number === 2) outputs.push(file.text(field));
    else if (field.number === 4) operator = file.text(field);
    else if (field.number === 5) attributes.push(field);
    else if (field.number === 7) domain = file.text(field);
  }
  const lists = new Map<string, WordList>();
  const integers = new Map<string, number>();
  const has = new Set<string>();
  for (const field of attributes) attributeOf(file, field, lists, integers, has);
  return { operator: domain === "" || domain === "ai.onnx" ? operator : `${domain}.${operator}`, inputs, outputs, lists, integers, has };
}

function attributeOf(file: ProtobufWindow, { start, end }: Field, lists: Map<string, WordList>, integers: Map<string, number>, has: Set<string>): void {
  let name = "";
  const texts: string[] = [];
  const numbers: number[] = [];
  for (const field of file.fields(start, end)) {
    if (field.number === 1) {
      name = file.text(field);
      // The name comes first; of weights nothing is read.
      if (!wordAttributes.has(name)) return;
      has.add(name);
    } else if (field.number === 3) integers.set(name, Number(BigInt.asIntN(64, field.value)));
    else if (field.number === 9) texts.push(file.text(field));
    else if (field.number === 8) for (const value of file.integers(field)) numbers.push(Number(BigInt.asIntN(64, value)));
    if (texts.length > mostWords || numbers.length > mostWords) return;
  }
  if (texts.length > 0 || numbers.length > 0) lists.set(name, { ...(texts.length > 0 && { texts }), ...(numbers.length > 0 && { numbers }) });
}

function tensorOf(file: ProtobufWindow, { start, end }: Field): { readonly name: string; readonly list: WordList | undefined } {
  let [name, type, elements] = ["", 0, 1];
  const texts: string[] = [];
  const numbers: number[] = [];
  let raw: Field | undefined;
  for (const field of file.fields(start, end)) {
    if (field.number === 1) for (const size of file.integers(field)) elements *= Number(size);
    else if (field.number === 2) type = Number(field.value);
    else if (field.number === 8) name = file.text(field);
    else if (elements > mostElements) continue;
    else if (field.number === 6) texts.push(file.text(field));
    else if (field.number === 5 || field.number === 7) for (const value of file.integers(field)) numbers.push(Number(BigInt.asIntN(64, value)));
    else if (field.number === 9) raw = field;
  }
  if (elements > mostElements) return { name, list: undefined };
  if (type === types.string) return { name, list: { texts } };
  if (type !== types.int64 && type !== types.int32) return { name, list: undefined };
  return { name, list: { numbers: raw ? integersOf(file.bytes(raw.start, raw.end), type) : numbers } };
}

const integersOf = (bytes: Buffer, type: number): number[] =>
  Array.from({ length: bytes.length / (type === types.int64 ? 8 : 4) }, (_, at) => (type === types.int64 ? Number(bytes.readBigInt64LE(at * 8)) : bytes.readInt32LE(at * 4)));

function valueOf(file: ProtobufWindow, { start, end }: Field): DeclaredValue {
  let name = "";
  let shape: number[] | undefined;
  for (const field of file.fields(start, end)) {
    if (field.number === 1) name = file.text(field);
    else if (field.number === 2) for (const kind of file.fields(field.start, field.end)) if (kind.number === 1) shape = shapeOf(file, kind);
  }
  return { name, shape };
}

function shapeOf(file: ProtobufWindow, tensor: Field): number[] | undefined {
  for (const field of file.fields(tensor.start, tensor.end)) {
    if (field.number !== 2) continue;
    const shape: number[] = [];
    for (const dimension of file.fields(field.start, field.end)) {
      if (dimension.number !== 1) continue;
      let size = -1;
      for (const part of file.fields(dimension.start, dimension.end)) if (part.number === 1) size = Number(BigInt.asIntN(64, part.value));
      shape.push(Math.max(-1, size));
    }
    return shape;
  }
  return undefined;
}
