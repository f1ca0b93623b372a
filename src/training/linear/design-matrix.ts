import type { Column } from "../../data/types.ts";
import { mostDeviations } from "./encoding.ts";
import type { Encoding } from "./encoding.ts";

/**
 * Rows of a linear model, of which one-hot columns are kept as positions: row r has the values `numbers[r * numberCount
 * + i]` in columns `numberPositions[i]`, and 1 in the columns `ones[r * onesCount + j]` that are ≥ 0.
 */
export interface DesignMatrix {
  readonly rows: number;
  readonly width: number;
  readonly numberPositions: Int32Array;
  readonly numbers: Float64Array;
  readonly onesCount: number;
  readonly ones: Int32Array;
}

/** Encodes columns, which must be of the types of the encodings. A missing number is its mean, so 0. */
export function designMatrix(
  columns: readonly Column[],
  encodings: readonly Encoding[],
  rows: number,
  width: number,
): DesignMatrix {
  const numberPositions = Int32Array.from(
    encodings.flatMap((encoding) => (encoding.type === "number" ? [encoding.position] : [])),
  );
  const onesCount = encodings.length - numberPositions.length;
  const numbers = new Float64Array(rows * numberPositions.length);
  const ones = new Int32Array(rows * onesCount);
  let number = 0;
  let category = 0;
  columns.forEach((column, f) => {
    const encoding = encodings[f];
    if (column.type === "number" && encoding.type === "number") {
      const { mean, deviation } = encoding;
      for (let row = 0, at = number; row < rows; row++, at += numberPositions.length) {
        const value = Math.fround(Math.fround(column.values[row]) - mean) / deviation;
        numbers[at] = Number.isNaN(value) ? 0 : Math.min(Math.max(value, -mostDeviations), mostDeviations);
      }
      number++;
    } else if (column.type === "category" && encoding.type === "category") {
      const positions = Int32Array.from(column.dictionary, (name) => encoding.positionOf.get(name) ?? -1);
      for (let row = 0, at = category; row < rows; row++, at += onesCount)
        ones[at] = column.codes[row] < 0 ? -1 : positions[column.codes[row]];
      category++;
    }
  });
  return { rows, width, numberPositions, numbers, onesCount, ones };
}

/** The product of one row with the coefficients that begin at `offset`. */
export function dotRow(
  { numberPositions, numbers, onesCount, ones }: DesignMatrix,
  row: number,
  coefficients: Float64Array,
  offset: number,
): number {
  let sum = 0;
  const firstNumber = row * numberPositions.length;
  for (let i = 0; i < numberPositions.length; i++)
    sum += numbers[firstNumber + i] * coefficients[offset + numberPositions[i]];
  const firstOne = row * onesCount;
  for (let j = 0; j < onesCount; j++) if (ones[firstOne + j] >= 0) sum += coefficients[offset + ones[firstOne + j]];
  return sum;
}

/** Adds `factor` times one row to the numbers that begin at `offset`. */
export function addRow(
  { numberPositions, numbers, onesCount, ones }: DesignMatrix,
  row: number,
  factor: number,
  into: Float64Array,
  offset: number,
): void {
  const firstNumber = row * numberPositions.length;
  for (let i = 0; i < numberPositions.length; i++)
    into[offset + numberPositions[i]] += factor * numbers[firstNumber + i];
  const firstOne = row * onesCount;
  for (let j = 0; j < onesCount; j++) if (ones[firstOne + j] >= 0) into[offset + ones[firstOne + j]] += factor;
}
