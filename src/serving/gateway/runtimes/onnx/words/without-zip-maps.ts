import { readFile } from "node:fs/promises";

/*
 * ZipMap (onnx/onnx, docs/Operators-ml.md) makes of a matrix of scores [rows, classes] one map of class to score per row, which is no tensor. A graph that gives it
 * away is taken as if it gave the matrix: the node becomes Identity, the output a tensor. The file is walked as protobuf and nothing else of it changes; field
 * numbers are those of onnx-ml.proto.
 */

const modelGraph = 7;
const modelOpsets = 8;
const graphNode = 1;
const graphOutput = 12;

/** The bytes of an ONNX file with scores in the place of maps by class; undefined where none of these outputs is one of such a node. Throws a RangeError where the file is no protobuf. */
export async function withoutZipMaps(file: string, outputs: readonly string[]): Promise<Buffer | undefined> {
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
  const widths = new Map<string, number>();
  const declared: { readonly at: number; readonly name: string }[] = [];
  for (const field of fieldsOf(graph)) {
    const zip = field.number === graphNode ? zipMapOf(field.content) : undefined;
    if (zip && outputs.has(zip.output)) {
      widths.set(zip.output, zip.classes);
      parts.push(message(graphNode, Buffer.concat([text(1, zip.input), text(2, zip.output), text(3, `${zip.output} as scores`), text(4, "Identity")])));
      continue;
    }
    if (field.number === graphOutput) declared.push({ at: parts.length, name: textOf(field.content, 1) });
    parts.push(field.whole);
  }
  for (const { at, name } of declared) {
    const classes = widths.get(name);
    if (classes !== undefined) parts[at] = message(graphOutput, Buffer.concat([text(1, name), message(2, message(1, scoresType(classes)))]));
  }
  return widths.size > 0 && outputs.size === widths.size ? Buffer.concat(parts) : undefined;
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
const isUsual = (opset: Buffer): boolean => ["", "ai.onnx"].includes(textOf(opset, 1));

/** The first text of a field; "" where there is none. */
function textOf(bytes: Buffer, wanted: number): string {
  for (const { number: found, kind, content } of fieldsOf(bytes)) if (found === wanted && kind === 2) return content.toString("utf8");
  return "";
}

interface WireField {
  readonly number: number;
  readonly kind: number;
  /** With its tag and length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

/** The fields of a message, as views of its bytes; protobuf.dev/programming-guides/encoding. */
function* fieldsOf(bytes: Buffer): Generator<WireField> {
  for (let at = 0; at < bytes.length;) {
    const from = at;
    const tag = varintAt(bytes, at);
    const kind = tag.value % 8;
    let start = tag.end;
    let end: number;
    if (kind === 0) end = varintAt(bytes, start).end;
    else if (kind === 1) end = start + 8;
    else if (kind === 5) end = start + 4;
    else if (kind === 2) {
      const length = varintAt(bytes, start);
      start = length.end;
      end = start + length.value;
    } else throw new RangeError(`the field at byte ${from} is of wire type ${kind}`);
    if (end > bytes.length) throw new RangeError(`the field at byte ${from} ends after the message that holds it`);
    yield { number: Math.floor(tag.value / 8), kind, whole: bytes.subarray(from, end), content: bytes.subarray(start, end) };
    at = end;
  }
}

function varintAt(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length && at < from + 10; at++, scale *= 128) {
    value += (bytes[at] & 127) * scale;
    if (bytes[at] < 128) return { value, end: at + 1 };
  }
  throw new RangeError(`the number at byte ${from} does not end`);
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
