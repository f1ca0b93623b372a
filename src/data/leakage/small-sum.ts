import type { LinearRelation } from "./linear-relation.ts";

/** Fewer rows than this prove nothing. */
const fewestRows = 30;
/** The target must spread over this many of its own steps, so that a fit to within one of them is no accident. */
const fewestSteps = 30;

/**
 * One or two columns whose linear combination is the target in every row, to within a unit of its last decimal (so `(low + high) / 2` rounded is found).
 * For tables with too few rows for their columns, where least squares over all of them would fit anything: a plane through two columns, 30 rows or more
 * and one unit wide has no such freedom.
 */
export function findSmallSum(columns: readonly Float64Array[], target: Float64Array): LinearRelation | undefined {
  if (target.length < fewestRows) return undefined;
  const step = stepOf(target);
  const y = centre(target);
  if (step === undefined || Math.sqrt(y.square / target.length) < fewestSteps * step) return undefined;
  const xs = columns.map(centre);
  const usable = [...xs.keys()].filter((index) => xs[index].square > 0);
  const fits = (indexes: readonly number[], weights: readonly number[]): LinearRelation | undefined => {
    for (const [row, value] of y.values.entries()) {
      if (Math.abs(value - indexes.reduce((sum, index, at) => sum + weights[at] * xs[index].values[row], 0)) > 1.001 * step) return undefined;
    }
    const intercept = y.mean - indexes.reduce((sum, index, at) => sum + weights[at] * xs[index].mean, 0);
    return { columns: indexes, coefficients: weights, intercept, unexplained: 0 };
  };
  const withTarget = new Map(usable.map((index) => [index, dot(xs[index].values, y.values)]));
  for (const index of usable) {
    const found = fits([index], [withTarget.get(index)! / xs[index].square]);
    if (found) return found;
  }
  for (const one of usable) {
    for (const other of usable) {
      if (other <= one) continue;
      const cross = dot(xs[one].values, xs[other].values);
      const determinant = xs[one].square * xs[other].square - cross * cross;
      if (determinant < 1e-9 * xs[one].square * xs[other].square) continue;
      const [toOne, toOther] = [withTarget.get(one)!, withTarget.get(other)!];
      const weights = [(toOne * xs[other].square - toOther * cross) / determinant, (toOther * xs[one].square - toOne * cross) / determinant];
      const found = fits([one, other], weights);
      if (found) return found;
    }
  }
  return undefined;
}

/** One unit of the last decimal that any of the values has; undefined beyond six decimals. */
function stepOf(values: Float64Array): number | undefined {
  for (let decimals = 0; decimals <= 6; decimals++) {
    const scale = 10 ** decimals;
    if (values.every((value) => Math.abs(value * scale - Math.round(value * scale)) < 1e-6 * Math.max(1, Math.abs(value)))) return 1 / scale;
  }
  return undefined;
}

function centre(values: Float64Array): { values: Float64Array; mean: number; square: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const shifted = values.map((value) => value - mean);
  const square = dot(shifted, shifted);
  return { values: shifted, mean, square: square > 1e-24 * mean * mean * values.length ? square : 0 };
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index] * other[index];
  return sum;
}
