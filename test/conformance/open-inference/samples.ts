import { skip } from "./rule.ts";
import type { Json, ModelMetadata, TensorMetadata } from "./target.ts";

/** Bytes of an element; BYTES have their length before them, and are empty here. */
export const sizes: Readonly<Record<string, number>> = {
  BOOL: 1, UINT8: 1, UINT16: 2, UINT32: 4, UINT64: 8, INT8: 1, INT16: 2, INT32: 4, INT64: 8, FP16: 2, BF16: 2, FP32: 4, FP64: 8, BYTES: 4,
};

const fields: Readonly<Record<string, string>> = {
  BOOL: "bool_contents", UINT8: "uint_contents", UINT16: "uint_contents", UINT32: "uint_contents", UINT64: "uint64_contents", INT8: "int_contents",
  INT16: "int_contents", INT32: "int_contents", INT64: "int64_contents", FP32: "fp32_contents", FP64: "fp64_contents", BYTES: "bytes_contents",
};

/** Every open dimension is 1. */
const shapeOf = ({ shape }: TensorMetadata): number[] => shape.map((size) => (size < 0 ? 1 : size));
export const count = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1);

const zeros = (input: TensorMetadata): unknown[] =>
  Array.from({ length: count(shapeOf(input)) }, () => (input.datatype === "BYTES" ? "" : input.datatype === "BOOL" ? false : 0));

/** A list as nested as the shape. */
function nest(values: readonly unknown[], [size, ...rest]: readonly number[]): unknown {
  if (size === undefined) return values[0];
  const width = values.length / size;
  return Array.from({ length: size }, (_, i) => nest(values.slice(i * width, (i + 1) * width), rest));
}

/** Inputs of zeros in JSON. */
export const jsonInputs = ({ inputs }: ModelMetadata, nested = false): Json[] =>
  inputs.map((input) => {
    const { name, datatype } = input;
    if (datatype === "FP16" || datatype === "BF16") skip(`${datatype} has no form in JSON`);
    const shape = shapeOf(input);
    return { name, shape, datatype, data: nested ? nest(zeros(input), shape) : zeros(input) };
  });

/** Inputs of zeros as raw bytes. */
export const rawInputs = ({ inputs }: ModelMetadata): { readonly inputs: Json[]; readonly raw: Buffer[] } => {
  const raw = inputs.map((input) => Buffer.alloc(count(shapeOf(input)) * sizes[input.datatype]));
  return { inputs: inputs.map((input) => ({ name: input.name, shape: shapeOf(input), datatype: input.datatype })), raw };
};

/** Inputs of zeros in typed contents. */
export const typedInputs = ({ inputs }: ModelMetadata): Json[] =>
  inputs.map((input) => {
    const { name, datatype } = input;
    const field = fields[datatype] ?? skip(`${datatype} has no typed contents`);
    const values = zeros(input).map((value) => (value === "" ? Buffer.alloc(0) : value));
    return { name, datatype, shape: shapeOf(input), contents: { [field]: values } };
  });
