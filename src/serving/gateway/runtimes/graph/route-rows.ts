import { createHash } from "node:crypto";
import { concatValues } from "../../tensors/tensor.ts";
import type { Tensor, Values } from "../../tensors/tensor.ts";
import type { Condition, Step } from "./graph-file.ts";

/** Tensors by name, as a node of a graph has them at hand. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** The step of a switch for each row: the first whose condition holds; -1 where none does. */
export function switchRows(steps: readonly Step[], tensors: Tensors, rows: number): Int32Array {
  const tests = steps.map(({ when }) => (when ? holds(when, tensors.get(when.input)!) : () => true));
  return Int32Array.from({ length: rows }, (_, row) => tests.findIndex((test) => test(row)));
}

/** The step of a split for each row: by the value of the key, which keeps to its step, or by chance. */
export function splitRows(steps: readonly Step[], key: Tensor | undefined, rows: number, random: () => number): Int32Array {
  const total = steps.reduce((sum, { weight }) => sum + weight!, 0);
  return Int32Array.from({ length: rows }, (_, row) => {
    let left = (key ? position(String(elementOf(key, row))) : random()) * total;
    const found = steps.findIndex(({ weight }) => (left -= weight!) < 0);
    return found >= 0 ? found : steps.findLastIndex(({ weight }) => weight! > 0);
  });
}

function position(key: string): number {
  return createHash("sha256").update(key).digest().readUIntBE(0, 6) / 2 ** 48;
}

function holds({ is, oneOf, above, below }: Condition, tensor: Tensor): (row: number) => boolean {
  const wanted = [...(is === undefined ? [] : [is]), ...(oneOf ?? [])].map(textOf);
  const named = is === undefined && oneOf === undefined ? undefined : new Set(wanted);
  return (row) => {
    const value = elementOf(tensor, row);
    if (named && !named.has(textOf(value))) return false;
    const number = Number(value);
    return (above === undefined || number > above) && (below === undefined || number < below);
  };
}

/** True and false as BOOL tensors hold them. */
const textOf = (value: unknown): string => (typeof value === "boolean" ? String(Number(value)) : String(value));

/** The first element of a row. */
const elementOf = ({ data, shape }: Tensor, row: number): Values[number] => {
  const width = shape.length === 0 || shape[0] === 0 ? 1 : data.length / shape[0];
  return data[row * width];
};

/** The rows of a tensor at these places. */
export function pickRows(tensor: Tensor, places: readonly number[]): Tensor {
  const width = tensor.data.length / tensor.shape[0];
  const parts = places.map((row) => tensor.data.slice(row * width, (row + 1) * width));
  return { ...tensor, shape: [places.length, ...tensor.shape.slice(1)], data: concatValues(parts) };
}

/** Rows that were scored apart, back at their places. */
export function joinRows(parts: readonly { readonly places: readonly number[]; readonly tensor: Tensor }[], rows: number): Tensor {
  const [{ tensor }] = parts;
  const tail = tensor.shape.slice(1);
  const other = parts.find((part) => part.tensor.shape.slice(1).join() !== tail.join() || part.tensor.datatype !== tensor.datatype);
  if (other) {
    throw new Error(`output "${tensor.name}" is ${describe(tensor)} from one step and ${describe(other.tensor)} from another; they must be alike`);
  }
  const joined = concatValues(parts.map((part) => part.tensor.data));
  const width = joined.length / rows;
  const data = joined.slice();
  let from = 0;
  for (const { places } of parts) {
    for (const place of places) {
      for (let at = 0; at < width; at++) data[place * width + at] = joined[from * width + at];
      from++;
    }
  }
  return { ...tensor, shape: [rows, ...tail], data };
}

const describe = ({ datatype, shape }: Tensor): string => `${datatype} [${["N", ...shape.slice(1)].join(", ")}]`;
