import { readFile } from "node:fs/promises";
import { fieldAt } from "../protobuf-wire.ts";

/*
 * Outputs that are no tensors, as tensors. ZipMap (onnx/onnx, docs/Operators-ml.md) makes of a matrix of scores [rows, classes] one map of class to score per row: a
 * graph that gives it away is taken as if it gave the matrix; the node becomes Identity. SequenceConstruct (docs/Operators.md) makes a sequence of tensors, one for each
 * target of a multi-output classifier: a graph that gives it away is taken as if it gave each of them, "probabilities_0", "probabilities_1", …. The file is walked as
 * protobuf and nothing else of it changes; field numbers are those of onnx-ml.proto.
 */

const modelGraph = 7;
const modelOpsets = 8;
const graphNode = 1;
const graphConstant = 5;
const graphInput = 11;
const graphOutput = 12;

/** The bytes of an ONNX file with tensors in the place of these outputs; undefined where one of them is something else than the above. Throws a RangeError where the file is no protobuf. */
export async function withTensorOutputs(file: string, outputs: readonly string[]): Promise<Buffer | undefined> {
  const bytes = await readFile(file);
  const parts: Uint8Array[] = [];
  let replaced = false;
  let usual = false;
  for (const field of fieldsOf(bytes)) {
    if (field.number === modelGraph) {
      const graph = replacedGraph(field.content, new Set(outputs));
      if (!graph) return undefined;
      parts.push(header(modelGraph, graph.length), graph);
      replaced = true;
      continue;
    }
    if (field.number === modelOpsets) usual ||= isUsual(field.content);
    parts.push(field.whole);
  }
  // Identity is ONNX's own, of which a file of trees need not name a version.
  if (!usual) parts.push(message(modelOpsets, number(2, 8)));
  return replaced ? Buffer.concat(parts) : undefined;
}

function replacedGraph(graph: Buffer, outputs: ReadonlySet<string>): Buffer | undefined {
  const parts: Uint8Array[] = [];
  const taken = namesIn(graph);
  const tensors = new Map<string, (declared: Buffer) => Uint8Array | undefined>();
  for (const field of fieldsOf(graph)) {
    const made = field.number === graphNode ? tensorsFor(field, outputs, taken) : undefined;
    if (made) tensors.set(made.output, made.declare);
    if (field.number !== graphOutput) parts.push(made?.nodes ?? field.whole);
  }
  if (tensors.size !== outputs.size) return undefined;
  for (const { number: part, whole, content } of fieldsOf(graph)) {
    if (part !== graphOutput) continue;
    const declare = tensors.get(textOf(content, 1));
    const declared = declare ? declare(content) : whole;
    if (!declared) return undefined;
    parts.push(declared);
  }
  return Buffer.concat(parts);
}

interface MadeTensors {
  /** The output that is no tensor. */
  readonly output: string;
  /** What stands in the place of the node that gives it. */
  readonly nodes: Uint8Array;
  /** The outputs in its place, by how it was declared; undefined where that is not understood. */
  readonly declare: (declared: Buffer) => Uint8Array | undefined;
}

function tensorsFor({ content: node, whole }: FieldBytes, outputs: ReadonlySet<string>, taken: Set<string>): MadeTensors | undefined {
  const zip = zipMapOf(node);
  if (zip && outputs.has(zip.output)) {
    const { input, output, classes } = zip;
    return { output, nodes: identity(input, output), declare: () => outputOf(output, scoresType(classes)) };
  }
  const output = textOf(node, 2);
  if (textOf(node, 4) !== "SequenceConstruct" || !isUsualDomain(textOf(node, 7)) || !outputs.has(output)) return undefined;
  const members = textsOf(node, 1).map((input, at) => ({ input, name: free(`${output}_${at}`, taken) }));
  return {
    output,
    nodes: Buffer.concat([whole, ...members.map(({ input, name }) => identity(input, name))]),
    declare: (declared) => {
      const type = memberType(declared);
      return type && Buffer.concat(members.map(({ name }) => outputOf(name, type)));
    },
  };
}

const identity = (from: string, to: string): Buffer => message(graphNode, Buffer.concat([text(1, from), text(2, to), text(3, `${to} as a tensor`), text(4, "Identity")]));

const outputOf = (name: string, type: Uint8Array): Buffer => message(graphOutput, Buffer.concat([text(1, name), message(2, type)]));

/** TypeProto of what a sequence (ValueInfoProto.type.sequence_type.elem_type) holds, its shape left to the runtime; undefined where these are no tensors. */
function memberType(declared: Buffer): Buffer | undefined {
  let found: Buffer | undefined = declared;
  for (const part of [2, 4, 1, 1]) found = found && contentOf(found, part);
  const element = found && [...fieldsOf(found)].find(({ number: part }) => part === 1);
  return element && message(1, element.whole);
}

/** The names of all values of a graph. */
function namesIn(graph: Buffer): Set<string> {
  const names = new Set<string>();
  for (const { number: part, content } of fieldsOf(graph)) {
    if (part === graphNode) for (const name of textsOf(content, 2)) names.add(name);
    else if (part === graphInput) names.add(textOf(content, 1));
    else if (part === graphConstant) names.add(textOf(content, 8));
  }
  return names;
}

/** The name, with as many strokes behind it as it takes to be nobody's; it is taken then. */
function free(name: string, taken: Set<string>): string {
  let found = name;
  while (taken.has(found)) found += "_";
  taken.add(found);
  return found;
}

/** TypeProto.Tensor: FLOAT of any number of rows, and so many columns. */
const scoresType = (classes: number): Buffer => Buffer.concat([number(1, 1), message(2, Buffer.concat([message(1, Buffer.alloc(0)), message(1, number(1, classes))]))]);

function zipMapOf(node: Buffer): { readonly input: string; readonly output: string; readonly classes: number } | undefined {
  if (textOf(node, 4) !== "ZipMap" || textOf(node, 7) !== "ai.onnx.ml") return undefined;
  let classes = 0;
  for (const attribute of fieldsOf(node)) {
    if (attribute.number !== 5 || !textOf(attribute.content, 1).startsWith("classlabels_")) continue;
    for (const { number: part, content, kind } of fieldsOf(attribute.content)) {
      if (part === 9) classes++;
      else if (part === 8) classes += kind === 0 ? 1 : content.filter((byte) => byte < 128).length;
    }
  }
  return { input: textOf(node, 1), output: textOf(node, 2), classes };
}

/** Whether an operator set is that of ONNX itself. */
const isUsual = (opset: Buffer): boolean => isUsualDomain(textOf(opset, 1));
const isUsualDomain = (domain: string): boolean => domain === "" || domain === "ai.onnx";

/** The first text of a field; "" where there is none. */
const textOf = (bytes: Buffer, wanted: number): string => contentOf(bytes, wanted)?.toString("utf8") ?? "";

const textsOf = (bytes: Buffer, wanted: number): string[] => [...fieldsOf(bytes)].filter(({ number: found, kind }) => found === wanted && kind === 2).map(({ content }) => content.toString("utf8"));

/** What the first field of that number holds, text, bytes or message. */
function contentOf(bytes: Buffer, wanted: number): Buffer | undefined {
  for (const { number: found, kind, content } of fieldsOf(bytes)) if (found === wanted && kind === 2) return content;
  return undefined;
}

/** A field as views of the bytes of its message. */
interface FieldBytes {
  readonly number: number;
  readonly kind: number;
  /** With its tag and length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

function* fieldsOf(bytes: Buffer): Generator<FieldBytes> {
  for (let at = 0; at < bytes.length;) {
    const field = fieldAt(bytes, at);
    if (!field || field.end > bytes.length) throw new RangeError(`what begins at byte ${at} is no field, or ends after the message that holds it`);
    const { number: found, kind, start, end } = field;
    yield { number: found, kind, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) };
    at = end;
  }
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const header = (field: number, length: number): Buffer => Buffer.concat([varint(field * 8 + 2), varint(length)]);
const message = (field: number, content: Uint8Array): Buffer => Buffer.concat([header(field, content.length), content]);
const text = (field: number, value: string): Buffer => message(field, Buffer.from(value));
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field * 8), varint(value)]);
