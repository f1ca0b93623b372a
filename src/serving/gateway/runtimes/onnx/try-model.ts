import { stackTensors } from "../../tensors/rows.ts";
import { datatypes, product } from "../../tensors/tensor.ts";
import type { Tensor, Values } from "../../tensors/tensor.ts";
import type { TensorSpec } from "../runtime.ts";

/** Floats of one row and of the same row among others differ in the last bits: other kernels add in another order. */
const tolerance = 1e-3;

/**
 * Runs a model on made-up samples. Tells whether it works row by row: the first dimension of every input is open, and
 * two rows scored together give what each gives alone. A model that takes no sample, as what is made up need not mean
 * anything to it, works request by request.
 */
export async function tryModel(
  inputs: readonly TensorSpec[],
  outputs: readonly TensorSpec[],
  run: (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>,
): Promise<boolean> {
  // Some exporters write [1] for labels of any number of rows; how many come is seen below.
  const open = inputs.length > 0 && inputs.every(({ shape }) => shape.length === 0 || shape[0] === -1) && outputs.every(({ shape }) => shape.length === 0 || shape[0] === -1 || shape[0] === 1);
  const rowsOpen = open && inputs.every(({ shape }) => shape.length > 0);
  for (const flavour of [distinct, plain]) {
    try {
      const rows = rowsOpen ? 2 : 1;
      const samples = Array.from({ length: rows }, (_, row) => inputs.map((spec) => sample(spec, row, flavour)));
      const alone: (readonly Tensor[])[] = [];
      for (const one of samples) alone.push(await run(one));
      if (!rowsOpen) return false;
      const together = await run(inputs.map((_, index) => stackTensors(samples.map((one) => one[index]))));
      return together.every((tensor, output) => isStack(tensor, alone.map((one) => one[output])));
    } catch {
      continue; // what was made up may mean nothing to the model: a category, an index, a shape
    }
  }
  return false;
}

/** A made-up row for a model, of numbers between 0 and 1. */
export const sampleInputs = (inputs: readonly TensorSpec[]): Tensor[] => inputs.map((spec) => sample(spec, 0, distinct));

type Flavour = (row: number, index: number) => number;

const distinct: Flavour = (row, index) => ((index * 37 + row * 61 + 5) % 97) / 97;
const plain: Flavour = () => 0;

function sample({ name, datatype, shape, encoders }: TensorSpec, row: number, flavour: Flavour): Tensor {
  const known = shape.map((size) => (size === -1 ? 1 : size));
  const length = product(known);
  const { array, integer } = datatypes.get(datatype)!;
  const value = (index: number) => Number(category(index) ?? (integer ? Math.round(flavour(row, index)) : flavour(row, index)));
  const width = known.length > 1 ? known[known.length - 1] : 1;
  const category = (index: number) => nth(encoders?.get(index % width)?.known, row, array ? "number" : "string");
  if (!array) {
    return { name, datatype, shape: known, data: Array.from({ length }, (_, i) => String(category(i) ?? (flavour === plain ? "" : Math.round(flavour(row, i))))) };
  }
  const data = new array(length);
  for (let i = 0; i < length; i++) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(value(i));
    else data[i] = value(i);
  }
  return { name, datatype, shape: known, data };
}

/** The category of a place, from the first on again behind the last; undefined where there are none of that type. */
function nth(known: ReadonlySet<string | number> | undefined, place: number, type: "number" | "string"): string | number | undefined {
  let left = place % Math.max(1, known?.size ?? 0);
  for (const one of known ?? []) if (left-- === 0) return typeof one === type ? one : undefined;
  return undefined;
}

/** Whether a tensor holds the rows of the others, one after the other. */
function isStack(tensor: Tensor, rows: readonly Tensor[]): boolean {
  if (tensor.shape.length === 0 || tensor.shape[0] !== rows.length) return false;
  const width = tensor.data.length / rows.length;
  return rows.every(({ shape, data }, row) => {
    if (shape[0] !== 1 || data.length !== width) return false;
    return Array.from({ length: width }, (_, i) => near(data[i], tensor.data[row * width + i])).every(Boolean);
  });
}

function near(a: Values[number], b: Values[number]): boolean {
  if (a === b) return true;
  if (typeof a !== "number" || typeof b !== "number") return false;
  return (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b));
}
