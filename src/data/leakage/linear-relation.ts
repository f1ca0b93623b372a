/** An exact relation target = intercept + Σ coefficient · column. */
export interface LinearRelation {
  /** Positions in the list of columns that was given. */
  readonly columns: readonly number[];
  readonly coefficients: readonly number[];
  readonly intercept: number;
  /** 1 − R² of the relation. */
  readonly unexplained: number;
}

/** Residuals below a thousandth of the target's standard deviation count as rounding. */
const exact = 1e-6;
const pivotTolerance = 1e-10;

/**
 * Finds few columns whose linear combination is the target, exact up to rounding: least squares over all columns, and if nothing is left
 * unexplained, backward elimination to a set of at most `limit` from which no column can go. Rows are complete; with fewer than ten
 * rows per column nothing is claimed, because enough columns fit anything.
 */
export function findLinearRelation(columns: readonly Float64Array[], target: Float64Array, limit: number): LinearRelation | undefined {
  const rows = target.length;
  if (columns.length === 0 || rows < 10 * (columns.length + 1)) return undefined;
  const centred = [...columns, target].map(centre);
  const y = centred[columns.length];
  if (y.norm === 0) return undefined;
  const gram = centred.map((one) => centred.map((other) => dot(one.values, other.values)));
  let chosen = [...columns.keys()].filter((index) => centred[index].norm > 0);
  let fit = solve(gram, chosen, columns.length);
  if (fit.unexplained > exact) return undefined;
  // Columns that carry next to nothing go first and together; the others are tried one by one, the weakest first.
  const weight = (index: number): number => Math.abs(fit.weights[chosen.indexOf(index)]);
  for (const candidates of [chosen.filter((index) => weight(index) < 1e-3), ...[...chosen].sort((a, b) => weight(a) - weight(b)).map((index) => [index])]) {
    const rest = chosen.filter((index) => !candidates.includes(index));
    if (rest.length === 0 || rest.length === chosen.length) continue;
    const without = solve(gram, rest, columns.length);
    if (without.unexplained > exact) continue;
    chosen = rest;
    fit = without;
  }
  if (chosen.length > limit) return undefined;
  const coefficients = chosen.map((index, at) => (fit.weights[at] * y.norm) / centred[index].norm);
  const intercept = y.mean - chosen.reduce((sum, index, at) => sum + coefficients[at] * centred[index].mean, 0);
  return { columns: chosen, coefficients, intercept, unexplained: fit.unexplained };
}

/** A column around its mean, scaled to length 1. */
function centre(values: Float64Array): { values: Float64Array; mean: number; norm: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const shifted = values.map((value) => value - mean);
  const norm = Math.sqrt(dot(shifted, shifted));
  // What rounding leaves of a constant column is not a direction.
  if (!(norm > 1e-12 * Math.abs(mean) * Math.sqrt(values.length))) return { values: new Float64Array(values.length), mean, norm: 0 };
  return { values: shifted.map((value) => value / norm), mean, norm };
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index += 1) sum += one[index] * other[index];
  return sum;
}

/**
 * Least squares of column `target` on `chosen` from their Gram matrix (all of length 1), by Cholesky decomposition with pivoting; columns
 * that depend on earlier pivots get weight 0.
 */
function solve(gram: readonly (readonly number[])[], chosen: readonly number[], target: number): { weights: number[]; unexplained: number } {
  const size = chosen.length;
  const factor = chosen.map(() => new Float64Array(size));
  const left = new Float64Array(size).fill(1);
  const order: number[] = [];
  const remaining = new Set(chosen.keys());
  const projected: number[] = [];
  let unexplained = 1;
  while (remaining.size > 0) {
    const pivot = [...remaining].reduce((best, index) => (left[index] > left[best] ? index : best));
    if (left[pivot] < pivotTolerance) break;
    remaining.delete(pivot);
    const step = order.length;
    const root = Math.sqrt(left[pivot]);
    for (const index of remaining) {
      let value = gram[chosen[index]][chosen[pivot]];
      for (let k = 0; k < step; k += 1) value -= factor[index][k] * factor[pivot][k];
      factor[index][step] = value / root;
      left[index] -= factor[index][step] ** 2;
    }
    factor[pivot][step] = root;
    let value = gram[chosen[pivot]][target];
    for (let k = 0; k < step; k += 1) value -= factor[pivot][k] * projected[k];
    projected.push(value / root);
    unexplained -= projected[step] ** 2;
    order.push(pivot);
  }
  const weights = Array.from({ length: size }, () => 0);
  for (let step = order.length - 1; step >= 0; step -= 1) {
    let value = projected[step];
    for (let later = step + 1; later < order.length; later += 1) value -= factor[order[later]][step] * weights[order[later]];
    weights[order[step]] = value / factor[order[step]][step];
  }
  return { weights, unexplained: Math.max(unexplained, 0) };
}
