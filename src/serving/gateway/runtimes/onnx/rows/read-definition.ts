import { closeSync, fstatSync, openSync } from "node:fs";
import type { Attribute, Dimension, FunctionDefinition, GraphDefinition, ModelDefinition, NodeDefinition, TensorDefinition, ValueDefinition } from "./definition.ts";
import { ProtobufWindow, type Field } from "./protobuf-window.ts";

/** Lists of more are weights, and say nothing about shapes. */
const mostValues = 1024;
/** The attributes of operators of ai.onnx.ml that list categories and classes. */
const words = new Set(["cats_int64s", "cats_strings", "keys_int64s", "keys_strings", "classlabels_int64s", "classlabels_ints", "classlabels_strings"]);
const mostWords = 100_000;
/** Others of theirs: how wide outputs are, what becomes of another category, whether scores are probabilities. */
const classical = new Set(["n_targets", "targets", "zeros", "prob_a", ...words]);
const mostNodes = 1_000_000;
const deepest = 32;

/**
 * Reads of an ONNX file what its graph does: nodes with the attributes that matter for shapes, constants with their shapes and, where they are few, their
 * integers. Weights are stepped over. Field numbers are those of onnx/onnx, `onnx-ml.proto`. Throws a RangeError where the file is no ONNX model or is too large.
 */
export function readDefinition(path: string): ModelDefinition {
  const file = openSync(path, "r");
  try {
    return new DefinitionReader(new ProtobufWindow(file)).model(fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

class DefinitionReader {
  readonly #file: ProtobufWindow;
  #nodes = 0;
  #depth = 0;

  constructor(file: ProtobufWindow) {
    this.#file = file;
  }

  model(size: number): ModelDefinition {
    const opsets = new Map<string, number>();
    const functions = new Map<string, FunctionDefinition>();
    let graph: GraphDefinition | undefined;
    for (const field of this.#file.fields(0, size)) {
      if (field.number === 8) this.#opset(field, opsets);
      else if (field.number === 25) this.#function(field, functions);
      else if (field.number === 7) {
        if (graph) throw new RangeError("it has two graphs");
        graph = this.#graph(field);
      }
    }
    if (!graph) throw new RangeError("it has no graph");
    return { opsets, graph, functions };
  }

  #opset({ start, end }: Field, into: Map<string, number>): void {
    let [domain, version] = ["", 0];
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) domain = this.#file.text(field);
      else if (field.number === 2) version = Number(field.value);
    }
    into.set(ownDomain(domain), version);
  }

  #graph({ start, end }: Field): GraphDefinition {
    if (++this.#depth > deepest) throw new RangeError(`its graphs lie more than ${deepest} deep in each other`);
    const nodes: NodeDefinition[] = [];
    const constants: TensorDefinition[] = [];
    const sparse: string[] = [];
    const inputs: ValueDefinition[] = [];
    const outputs: ValueDefinition[] = [];
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) nodes.push(this.#node(field));
      else if (field.number === 5) constants.push(this.#tensor(field));
      else if (field.number === 11) inputs.push(this.#value(field));
      else if (field.number === 12) outputs.push(this.#value(field));
      else if (field.number === 15) for (const part of this.#file.fields(field.start, field.end)) if (part.number === 1) sparse.push(this.#tensor(part).name);
    }
    this.#depth--;
    return { nodes, constants, sparse, inputs, outputs };
  }

  #node({ start, end }: Field): NodeDefinition {
    if (++this.#nodes > mostNodes) throw new RangeError(`it has more than ${mostNodes} nodes`);
    let [name, domain, operator] = ["", "", ""];
    const [inputs, outputs]: [string[], string[]] = [[], []];
    const parts: Field[] = [];
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) inputs.push(this.#file.text(field));
      else if (field.number === 2) outputs.push(this.#file.text(field));
      else if (field.number === 3) name = this.#file.text(field);
      else if (field.number === 4) operator = this.#file.text(field);
      else if (field.number === 7) domain = ownDomain(this.#file.text(field));
      else if (field.number === 5) parts.push(field);
    }
    // Trees and linear models carry their weights in attributes, millions of them.
    const wanted = domain === "ai.onnx.ml" ? parts.filter((part) => classical.has(this.#nameOf(part))) : parts;
    const attributes = this.#attributes(wanted);
    return { name, domain, operator, inputs, outputs, attributes };
  }

  #attributes(parts: readonly Field[]): Map<string, Attribute> {
    const found = new Map<string, Attribute>();
    for (const part of parts) {
      const { name, attribute } = this.#attribute(part);
      found.set(name, attribute);
    }
    return found;
  }

  /** Of an attribute, whose name is written first. */
  #nameOf({ start, end }: Field): string {
    for (const first of this.#file.fields(start, end)) return first.number === 1 ? this.#file.text(first) : "";
    return "";
  }

  #attribute({ start, end }: Field): { readonly name: string; readonly attribute: Attribute } {
    let name = "";
    const attribute: { -readonly [key in keyof Attribute]: Attribute[key] } = {};
    const ints: number[] = [];
    const floats: number[] = [];
    let kind: number | undefined;
    const texts: string[] = [];
    let most = mostValues;
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) {
        name = this.#file.text(field);
        if (words.has(name)) most = mostWords;
      } else if (field.number === 3) attribute.int = signed(field.value);
      else if (field.number === 4) attribute.text = field.end - field.start > mostValues ? "" : this.#file.text(field);
      else if (field.number === 5) attribute.tensor = this.#tensor(field);
      else if (field.number === 6) attribute.graph = this.#graph(field);
      else if (field.number === 7) this.#floats(field, floats);
      else if (field.number === 8) this.#integers(field, ints, most);
      else if (field.number === 9) this.#texts(field, texts, most);
      else if (field.number === 20) kind = Number(field.value);
      else if (field.number === 21) attribute.refersTo = this.#file.text(field);
    }
    if ((ints.length > 0 || kind === 7) && ints.length <= most) attribute.ints = ints;
    if ((floats.length > 0 || kind === 6) && floats.length <= mostValues) attribute.floats = floats;
    if (texts.length > 0 && texts.length <= most) attribute.texts = texts;
    return { name, attribute };
  }

  #integers(field: Field, into: number[], most = mostValues): void {
    for (const value of this.#file.integers(field)) {
      if (into.length > most) return;
      into.push(signed(value));
    }
  }

  #texts(field: Field, into: string[], most = mostValues): void {
    if (into.length <= most) into.push(this.#file.text(field));
  }

  #floats({ kind, start, end }: Field, into: number[]): void {
    const count = (end - start) / 4;
    if (into.length + count > mostValues) {
      into.length = mostValues + 1;
      return;
    }
    const bytes = this.#file.bytes(start, end);
    for (let at = 0; at + 4 <= bytes.length; at += 4) into.push(bytes.readFloatLE(at));
    if (kind !== 2 && kind !== 5) throw new RangeError(`the numbers at byte ${start} are of wire type ${kind}`);
  }

  #tensor({ start, end }: Field): TensorDefinition {
    let name = "";
    let type = 0;
    let outside = false;
    let raw: Field | undefined;
    const [dims, ints, floats]: [number[], number[], number[]] = [[], [], []];
    const texts: string[] = [];
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) this.#integers(field, dims);
      else if (field.number === 2) type = Number(field.value);
      else if (field.number === 4) this.#floats(field, floats);
      else if (field.number === 5 || field.number === 7) this.#integers(field, ints);
      else if (field.number === 6) this.#texts(field, texts);
      else if (field.number === 8) name = this.#file.text(field);
      else if (field.number === 9) raw = field;
      else if (field.number === 13 || (field.number === 14 && field.value === 1n)) outside = true;
    }
    const count = dims.reduce((all, size) => all * size, 1);
    const values = outside || count > mostValues ? undefined : raw ? this.#raw(raw, type) : type === 1 ? floats : ints;
    return { name, type, dims, values: values?.length === count ? values : undefined, ...(type === 8 && texts.length === count && { texts }) };
  }

  /** Of the types that shapes and axes are given in: FLOAT 1, INT32 6, INT64 7, BOOL 9. */
  #raw({ start, end }: Field, type: number): number[] | undefined {
    const width = type === 7 ? 8 : type === 1 || type === 6 ? 4 : type === 9 ? 1 : 0;
    if (width === 0) return undefined;
    const bytes = this.#file.bytes(start, end);
    return Array.from({ length: bytes.length / width }, (_, at) =>
      type === 7 ? Number(bytes.readBigInt64LE(at * 8)) : type === 6 ? bytes.readInt32LE(at * 4) : type === 1 ? bytes.readFloatLE(at * 4) : bytes[at],
    );
  }

  #value({ start, end }: Field): ValueDefinition {
    let name = "";
    let shape: readonly Dimension[] | undefined;
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) name = this.#file.text(field);
      else if (field.number === 2) for (const kind of this.#file.fields(field.start, field.end)) if (kind.number === 1) shape = this.#shape(kind);
    }
    return { name, shape };
  }

  #shape({ start, end }: Field): readonly Dimension[] | undefined {
    for (const field of this.#file.fields(start, end)) {
      if (field.number !== 2) continue;
      const shape: Dimension[] = [];
      for (const dimension of this.#file.fields(field.start, field.end)) {
        let size: Dimension;
        for (const part of this.#file.fields(dimension.start, dimension.end)) {
          if (part.number === 1) size = signed(part.value);
          else if (part.number === 2) size = this.#file.text(part);
        }
        // Some write -1 for any size.
        shape.push((typeof size === "number" && size < 0) || size === "" ? undefined : size);
      }
      return shape;
    }
    return undefined;
  }

  #function({ start, end }: Field, into: Map<string, FunctionDefinition>): void {
    let [name, domain] = ["", ""];
    const [inputs, outputs]: [string[], string[]] = [[], []];
    const nodes: NodeDefinition[] = [];
    const defaults = new Map<string, Attribute>();
    const opsets = new Map<string, number>();
    for (const field of this.#file.fields(start, end)) {
      if (field.number === 1) name = this.#file.text(field);
      else if (field.number === 4) inputs.push(this.#file.text(field));
      else if (field.number === 5) outputs.push(this.#file.text(field));
      else if (field.number === 7) nodes.push(this.#node(field));
      else if (field.number === 9) this.#opset(field, opsets);
      else if (field.number === 10) domain = ownDomain(this.#file.text(field));
      else if (field.number === 11) {
        const { name: attribute, attribute: value } = this.#attribute(field);
        defaults.set(attribute, value);
      }
    }
    into.set(`${domain}:${name}`, { inputs, outputs, nodes, defaults, opsets });
  }
}

const ownDomain = (domain: string): string => (domain === "ai.onnx" ? "" : domain);

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));
