import { datatypes } from "../../tensors/tensor.ts";
import type { Tensor, Values } from "../../tensors/tensor.ts";

/**
 * How far floats of the same rows may lie apart when they are computed in another order or by other kernels: by so much of themselves, and by so much of the
 * greatest of their row.
 */
export interface Closeness {
  readonly ofItself: number;
  readonly ofRow: number;
}

export const usualCloseness: Closeness = { ofItself: 1e-3, ofRow: 1e-5 };

/** Of graphs that round on their way (to 8 bits, to half precision): a number may fall on the other side of a boundary. */
export const coarseCloseness: Closeness = { ofItself: 0.05, ofRow: 0.05 };

/** Whether outputs are the same: names, shapes, integers and texts exactly, floats as close as said. `rows`: those that the first dimension counts. */
export function sameAnswers(one: readonly Tensor[], other: readonly Tensor[], closeness: Closeness): boolean {
  return one.length === other.length && one.every((tensor, at) => sameTensor(tensor, other[at], closeness));
}

function sameTensor(one: Tensor, other: Tensor, closeness: Closeness): boolean {
  if (one.name !== other.name || one.shape.length !== other.shape.length || one.shape.some((size, axis) => size !== other.shape[axis])) return false;
  if (one.datatype === "BYTES" || datatypes.get(one.datatype)!.integer) return one.data.length === other.data.length && one.data.every((value, at) => value === other.data[at]);
  const rows = one.shape.length > 1 ? one.shape[0] : one.data.length;
  const width = rows === 0 ? 0 : one.data.length / rows;
  for (let row = 0; row < rows; row++) {
    const greatest = greatestOf(one.data, row * width, (row + 1) * width);
    for (let at = row * width; at < (row + 1) * width; at++) if (!near(one.data[at], other.data[at], closeness, greatest)) return false;
  }
  return true;
}

function greatestOf(data: Values, from: number, to: number): number {
  let greatest = 0;
  for (let at = from; at < to; at++) {
    const value = data[at];
    if (typeof value === "number" && Number.isFinite(value)) greatest = Math.max(greatest, Math.abs(value));
  }
  return greatest;
}

function near(a: Values[number], b: Values[number], { ofItself, ofRow }: Closeness, greatest: number): boolean {
  if (a === b) return true;
  if (typeof a !== "number" || typeof b !== "number") return false;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  return Math.abs(a - b) <= ofItself * Math.max(Math.abs(a), Math.abs(b)) + ofRow * greatest;
}
