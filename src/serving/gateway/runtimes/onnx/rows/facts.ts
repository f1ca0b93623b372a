import { hasRows, numberOf, rowsIn, type Size } from "./sizes.ts";

/**
 * What is known of a value in a graph.
 *
 * - `fixed`: the same whatever the rows of a request are, and however many;
 * - `rows`: along `axis` it has an equal part for each row, in their order, which depends on that row alone;
 * - `count`: depends on how many rows there are, and on nothing in them (the shape of an input);
 * - `mixed`: anything else, or not understood, `why` in words.
 */
export type Fact = FixedFact | RowsFact | CountFact | MixedFact;

interface Known {
  /** Undefined where not even the number of dimensions is known. */
  readonly shape?: readonly Size[] | undefined;
  /** Of a short list of integers, or a single one. */
  readonly values?: readonly Size[] | undefined;
}

export interface FixedFact extends Known {
  readonly of: "fixed";
  /** Within the body of a Scan or Loop that goes over rows: depends on the row of this turn. */
  readonly turn?: boolean;
  /** The numbers of a short constant, fractions among them. */
  readonly numbers?: readonly number[] | undefined;
}

export interface RowsFact {
  readonly of: "rows";
  readonly axis: number;
  readonly shape: readonly Size[];
  readonly values?: undefined;
}

export interface CountFact extends Known {
  readonly of: "count";
}

export interface MixedFact {
  readonly of: "mixed";
  readonly why: string;
  /** Data decide how long it is: its first dimension need not count rows. */
  readonly unsized?: boolean;
  readonly shape?: undefined;
  readonly values?: undefined;
}

/** Why an operator cannot be shown to keep rows apart: words that follow its name. */
export class NotShown extends Error {
  readonly unsized: boolean;

  constructor(why: string, unsized = false) {
    super(why);
    this.unsized = unsized;
  }
}

export const fixed = (shape?: readonly Size[], values?: readonly Size[]): FixedFact => ({ of: "fixed", shape, values });

/** A value by rows along an axis that it has, and that counts them. */
export function rows(shape: readonly Size[], axis: number): RowsFact {
  if (axis < 0 || axis >= shape.length || rowsIn(shape[axis]) !== 1 || shape.some((size, at) => at !== axis && hasRows(size))) throw new NotShown("changes which dimension counts rows");
  return { of: "rows", axis, shape };
}

/** The shape of a value; fails where it is not known. */
export function shapeOf({ shape }: Fact): readonly Size[] {
  if (shape) return shape;
  throw new NotShown("takes a value whose shape the graph does not tell");
}

/** Single numbers, where all are. */
export function numbersOf({ values }: Fact): readonly number[] | undefined {
  const numbers = values?.map(numberOf);
  return numbers?.every((number) => number !== undefined) ? numbers : undefined;
}

/** An axis as ONNX gives it, negative from the end. */
export function axisIn(axis: number, rank: number): number {
  const found = axis < 0 ? axis + rank : axis;
  if (found < 0 || found > rank) throw new NotShown(`names a dimension ${axis} of ${rank}`);
  return found;
}
