import type { CategoryColumn, Column, NumberColumn } from "../types.ts";
import type { TargetAssociation } from "./profile-types.ts";

/** The association of each column with the target, strongest first; where it is undefined (constant, empty) there is none. Infinite values are left out. */
export function targetAssociations(columns: readonly Column[], target: Column): TargetAssociation[] {
  const found: TargetAssociation[] = [];
  for (const column of columns) {
    if (column === target) continue;
    const { measure, value } = association(column, target);
    if (Number.isFinite(value)) found.push({ column: column.name, measure, value });
  }
  return found.sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}

function association(one: Column, other: Column): { measure: TargetAssociation["measure"]; value: number } {
  if (one.type === "number") return other.type === "number" ? { measure: "pearson", value: pearson(one, other) } : { measure: "correlation_ratio", value: correlationRatio(one, other) };
  return other.type === "number" ? { measure: "correlation_ratio", value: correlationRatio(other, one) } : { measure: "cramers_v", value: cramersV(one, other) };
}

function pearson({ values: x }: NumberColumn, { values: y }: NumberColumn): number {
  let [n, meanX, meanY, squareX, squareY, cross] = [0, 0, 0, 0, 0, 0];
  for (let row = 0; row < x.length; row++) {
    if (!Number.isFinite(x[row]) || !Number.isFinite(y[row])) continue;
    // Welford's updates keep the digits of large numbers close to each other.
    n++;
    const dx = x[row] - meanX;
    const dy = y[row] - meanY;
    meanX += dx / n;
    meanY += dy / n;
    squareX += dx * (x[row] - meanX);
    squareY += dy * (y[row] - meanY);
    cross += dx * (y[row] - meanY);
  }
  return cross / Math.sqrt(squareX * squareY);
}

/** η = √(between-group sum of squares / total sum of squares). */
function correlationRatio({ values }: NumberColumn, { codes, dictionary }: CategoryColumn): number {
  const counts = new Float64Array(dictionary.length);
  const means = new Float64Array(dictionary.length);
  let [n, mean, total] = [0, 0, 0];
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const code = codes[row];
    if (code < 0 || !Number.isFinite(value)) continue;
    n++;
    counts[code]++;
    means[code] += (value - means[code]) / counts[code];
    const difference = value - mean;
    mean += difference / n;
    total += difference * (value - mean);
  }
  let between = 0;
  for (let code = 0; code < counts.length; code++) between += counts[code] * (means[code] - mean) ** 2;
  return Math.sqrt(Math.min(1, between / total));
}

/** V = √(φ² / (min(rows, columns) − 1)), φ² = Σ observed² / (row total · column total) − 1. */
function cramersV(one: CategoryColumn, other: CategoryColumn): number {
  const width = other.dictionary.length;
  const cells = new Map<number, number>();
  const rows = new Float64Array(one.dictionary.length);
  const columns = new Float64Array(width);
  for (let row = 0; row < one.codes.length; row++) {
    const [a, b] = [one.codes[row], other.codes[row]];
    if (a < 0 || b < 0) continue;
    cells.set(a * width + b, (cells.get(a * width + b) ?? 0) + 1);
    rows[a]++;
    columns[b]++;
  }
  let sum = 0;
  for (const [cell, count] of cells) sum += (count / rows[Math.floor(cell / width)]) * (count / columns[cell % width]);
  const present = (totals: Float64Array): number => totals.reduce((count, total) => count + (total > 0 ? 1 : 0), 0);
  return Math.sqrt(Math.max(sum - 1, 0) / (Math.min(present(rows), present(columns)) - 1));
}
