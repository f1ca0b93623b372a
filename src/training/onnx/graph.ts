import protobuf from "protobufjs";
import { invalid } from "../../errors.ts";
import type { Signature } from "../types.ts";
import { onnxProto } from "./onnx-proto.ts";

/** ONNX element types (TensorProto.DataType). */
export const elementTypes = { float: 1, int64: 7, string: 8, double: 11 } as const;
export type ElementType = keyof typeof elementTypes;

/** The value of an operator's attribute, told apart by ONNX type. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: ArrayLike<number> }
  | { readonly floats: ArrayLike<number> }
  | { readonly strings: readonly string[] };

interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** "ai.onnx.ml" for the operators of classical machine learning. */
  readonly domain?: string;
  /** Name of the output, when it is an output of the graph. */
  readonly output?: string;
}

/**
 * Builds an ONNX model node by node. Inputs and outputs carry the names that they are given; everything inside gets a
 * name that cannot clash with those.
 */
export class OnnxGraph {
  readonly #nodes: object[] = [];
  readonly #initializers: object[] = [];
  readonly #inputs: object[] = [];
  readonly #outputs: object[] = [];
  readonly #outside: Set<string>;
  readonly #scope: string;
  readonly #columns = new Map<string, string>();
  #named = 0;

  /**
   * `outside` are the names of all inputs and outputs; throws `training.feature_name_reserved` if an input is named as
   * an output. The names of everything inside begin with `scope`.
   */
  constructor(inputs: readonly string[], outputs: readonly string[], scope = "") {
    this.#scope = scope;
    const clash = outputs.find((output) => inputs.includes(output));
    if (clash !== undefined) {
      throw invalid(
        "training.feature_name_reserved",
        `A feature cannot be named "${clash}", as the model's output has that name; rename the column.`,
      );
    }
    this.#outside = new Set([...inputs, ...outputs]);
  }

  /** An input or output of `columns` columns and any number of rows. */
  addInput(name: string, type: ElementType, columns = 1): string {
    this.#inputs.push(valueInfo(name, type, columns));
    return name;
  }

  /** Says which value is a column that the algorithm sees. */
  setColumn(name: string, value: string): void {
    this.#columns.set(name, value);
  }

  /** The value of a column that the algorithm sees: float or string [rows, 1]. */
  column(name: string): string {
    return this.#columns.get(name)!;
  }

  addOutput(name: string, type: ElementType, columns = 1): void {
    this.#outputs.push(valueInfo(name, type, columns));
  }

  /** A constant of float32 values, row-major; returns its name. */
  floats(values: ArrayLike<number>, dims: readonly number[]): string {
    return this.#constant(elementTypes.float, dims, { raw_data: bytesOf(Float32Array.from(values)) });
  }

  /** A constant double; returns its name. */
  double(value: number): string {
    return this.#constant(elementTypes.double, [], { raw_data: bytesOf(Float64Array.of(value)) });
  }

  /** A constant list of integers; returns its name. */
  integers(values: readonly number[]): string {
    return this.#constant(elementTypes.int64, [values.length], {
      raw_data: bytesOf(BigInt64Array.from(values, BigInt)),
    });
  }

  /** A constant list of strings; returns its name. */
  strings(values: readonly string[]): string {
    return this.#constant(elementTypes.string, [values.length], { string_data: values.map(utf8) });
  }

  #constant(type: number, dims: readonly number[], data: object): string {
    const name = this.#name("constant");
    this.#initializers.push({ name, dims, data_type: type, ...data });
    return name;
  }

  /** Adds a node with one output; returns the output's name. */
  node(
    operator: string,
    inputs: readonly string[],
    { attributes = {}, domain = "", output }: NodeOptions = {},
  ): string {
    const result = output ?? this.#name(operator);
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...encodeAttribute(value) }));
    this.#nodes.push({ op_type: operator, name: `node ${result}`, domain, input: inputs, output: [result], attribute });
    return result;
  }

  #name(kind: string): string {
    let name: string;
    do name = `${this.#scope}${kind}_${++this.#named}`;
    while (this.#outside.has(name));
    return name;
  }

  /** The model as a file, with the signature as JSON under the metadata key `millrace.signature`. */
  encode(name: string, signature: Signature): Uint8Array {
    const type = protobuf.parse(onnxProto, { keepCase: true }).root.lookupType("onnx.ModelProto");
    const model = type.fromObject({
      // IR 8 with opset 17 and ai.onnx.ml 3: read by every runtime since ONNX 1.12 (2022).
      ir_version: 8,
      opset_import: [
        { domain: "", version: 17 },
        { domain: "ai.onnx.ml", version: 3 },
      ],
      producer_name: "millrace",
      graph: { name, node: this.#nodes, initializer: this.#initializers, input: this.#inputs, output: this.#outputs },
      metadata_props: [{ key: "millrace.signature", value: JSON.stringify(signature) }],
    });
    return new Uint8Array(type.encode(model).finish());
  }
}

function valueInfo(name: string, type: ElementType, columns: number): object {
  const shape = { dim: [{ dim_param: "rows" }, { dim_value: columns }] };
  return { name, type: { tensor_type: { elem_type: elementTypes[type], shape } } };
}

function encodeAttribute(value: Attribute): object {
  if ("int" in value) return { type: "INT", i: value.int };
  if ("float" in value) return { type: "FLOAT", f: value.float };
  if ("string" in value) return { type: "STRING", s: utf8(value.string) };
  if ("ints" in value) return { type: "INTS", ints: Array.from(value.ints) };
  if ("floats" in value) return { type: "FLOATS", floats: Array.from(value.floats) };
  return { type: "STRINGS", strings: value.strings.map(utf8) };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
