import { stackTensors, takeRows } from "../../tensors/rows.ts";
import { datatypes, product } from "../../tensors/tensor.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { TensorSpec } from "../runtime.ts";
import { sameAnswers, usualCloseness } from "./same-answers.ts";
import type { Closeness } from "./same-answers.ts";

/** What samples showed of a model. */
export interface Tried {
  /** The first dimension of every input and output counts rows. */
  readonly rowwise: boolean;
  /** Rows were answered otherwise together than alone: a trial shows that rows depend on each other, and never that they do not. */
  readonly dependent: boolean;
}

export interface TrialOptions {
  /** The rows are known to be there and to be independent: samples that the model does not take say nothing against that. */
  readonly shown?: boolean;
  /** Inputs that the model is known to take, tried beside what is made up. */
  readonly example?: readonly Tensor[];
  readonly closeness?: Closeness;
}

/** No more samples are tried after this; what is refuted is mostly so by the first ones. */
const mostTriedMs = 5000;

/**
 * Runs a model on samples, made-up ones and rows of an example: rows alone, and two and three of them together, among them one that is far larger than the others,
 * equal ones, and the same in another order. A model that takes no sample, as what is made up need not mean anything to it, works row by row if its graph shows it,
 * else request by request.
 */
export async function tryModel(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], run: Run, { shown = false, example, closeness = usualCloseness }: TrialOptions = {}): Promise<Tried> {
  // Some exporters write [1] for labels of any number of rows; how many come is seen below.
  const open = inputs.length > 0 && inputs.every(({ shape }) => shape.length === 0 || shape[0] === -1) && outputs.every(({ shape }) => shape.length === 0 || shape[0] === -1 || shape[0] === 1);
  const rowsOpen = open && inputs.every(({ shape }) => shape.length > 0);
  const tried = async (sampler: Sampler): Promise<Tried | undefined> => {
    try {
      if (rowsOpen) return await tryRows(sampler, run, closeness);
      await run(sampler(0, 1));
      return { rowwise: false, dependent: false };
    } catch {
      return undefined; // what was made up may mean nothing to the model: a category, an index, a shape
    }
  };
  const made = (flavour: Flavour) => tried((row, factor) => inputs.map((spec) => sample(spec, row, flavour, factor)));
  const found = (await made(distinct)) ?? (await made(plain));
  const own = example && (await tried(rowOf(example, rowsOpen)));
  if (found && own) return { rowwise: found.rowwise && own.rowwise, dependent: found.dependent || own.dependent };
  return found ?? own ?? { rowwise: rowsOpen && shown, dependent: false };
}

type Run = (inputs: readonly Tensor[]) => Promise<readonly Tensor[]>;

/** One row of the inputs, its floats times a factor. */
type Sampler = (row: number, factor: number) => readonly Tensor[];

/** Rows of an example, from the first on again behind the last; the whole of one that has none. */
function rowOf(example: readonly Tensor[], rowsOpen: boolean): Sampler {
  const rows = example[0]?.shape[0] ?? 1;
  return (row, factor) =>
    example.map((whole) => {
      const tensor = rowsOpen ? takeRows(whole, rows, row % rows, 1) : whole;
      const { data } = tensor;
      return factor !== 1 && (data instanceof Float32Array || data instanceof Float64Array) ? { ...tensor, data: data.map((value) => factor * value) } : tensor;
    });
}

/** Rows that are tried together, by number and factor of their floats; the first of them must be taken, the others are as far as the model takes them. */
const groups: readonly (readonly (readonly [row: number, factor: number])[])[] = [
  [[0, 1], [1, 1]],
  [[0, 1], [1, 1000], [2, -1000]],
  [[2, -1000], [1, 1000], [0, 1]],
  [[0, 1], [0, 1], [1, 1]],
];

async function tryRows(sampler: Sampler, run: Run, closeness: Closeness): Promise<Tried> {
  const since = performance.now();
  const alone = new Map<string, readonly Tensor[]>();
  for (const [at, group] of groups.entries()) {
    if (at > 0 && performance.now() - since > mostTriedMs) break;
    try {
      const rows = group.map(([row, factor]) => sampler(row, factor));
      for (const [place, one] of rows.entries()) if (!alone.has(String(group[place]))) alone.set(String(group[place]), await run(one));
      const together = await run(rows[0].map((_, index) => stackTensors(rows.map((one) => one[index]))));
      const parts = group.map((key) => alone.get(String(key))!);
      if (!isRows(together, group.length) || parts.some((part) => !isRows(part, 1))) return { rowwise: false, dependent: true };
      const stacked = together.map((_, output) => parts.map((part) => part[output]));
      // Of another shape, as texts of other lengths are, they are no rows to be put together, but nothing is amiss.
      if (stacked.some((list, output) => list.some(({ shape }) => shape.slice(1).some((size, axis) => size !== together[output].shape[axis + 1])))) return { rowwise: true, dependent: true };
      if (!sameAnswers(stacked.map(stackTensors), together, closeness)) return { rowwise: true, dependent: true };
    } catch (error) {
      if (at === 0) throw error;
    }
  }
  return { rowwise: true, dependent: false };
}

const isRows = (tensors: readonly Tensor[], rows: number): boolean => tensors.every(({ shape }) => shape.length > 0 && shape[0] === rows);

/** A made-up row for a model, of numbers between 0 and 1. */
export const sampleInputs = (inputs: readonly TensorSpec[]): Tensor[] => inputs.map((spec) => sample(spec, 0, distinct));

/**
 * Samples that differ in how large open dimensions are: two and three of each, or of the first alone, so that a dimension that is taken for another one shows.
 */
export function samplesOfSizes(inputs: readonly TensorSpec[]): (readonly Tensor[])[] {
  const made = [2, 3].map((open) => inputs.map((spec) => sample(spec, 0, distinct, open === 3 ? -3 : 1, open)));
  if (inputs.some(({ shape }) => shape.slice(1).includes(-1))) {
    for (const rows of [2, 3]) made.push(inputs.map((spec) => stackTensors(Array.from({ length: spec.shape[0] === -1 ? rows : 1 }, (_, row) => sample(spec, row)))));
  }
  return [...made, inputs.map((spec) => sample(spec, 0, plain, 1, 2))];
}

type Flavour = (row: number, index: number) => number;

const distinct: Flavour = (row, index) => ((index * 37 + row * 61 + 5) % 97) / 97;
const plain: Flavour = () => 0;

/** `factor`: of floats. `open`: the size of dimensions that are open; a sample is then of so many rows. */
export function sample({ name, datatype, shape, encoders }: TensorSpec, row: number, flavour: Flavour = distinct, factor = 1, open = 1): Tensor {
  const known = shape.map((size) => (size === -1 ? open : size));
  const length = product(known);
  const { array, integer } = datatypes.get(datatype)!;
  const value = (index: number) => Number(category(index) ?? (integer ? Math.round(flavour(row, index)) : factor * flavour(row, index)));
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
