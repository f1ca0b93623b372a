import { textOf, truthOf, type KnownCategories } from "./known-categories.ts";
import { numberOfText } from "./number-text.ts";
import { isMissing, type Cell, type CategoryReading, type NumberReading, type TimeReading } from "./reading.ts";
import { timeOfIso, timeOfNumber, timeOfText } from "./time-text.ts";

/** A number by its column's reading: NaN is missing, undefined is no number at all. Truth values are 1 and 0. */
export function readNumber(cell: Cell, reading: NumberReading): number | undefined {
  if (typeof cell === "number") return isMissingNumber(cell, reading) ? NaN : cell;
  if (cell === null || cell === undefined) return NaN;
  if (typeof cell === "boolean") return cell ? 1 : 0;
  if (typeof cell === "bigint") return isMissingNumber(Number(cell), reading) ? NaN : Number(cell);
  const text = cell.trim();
  return isMissing(text, reading) ? NaN : numberOfText(text, reading);
}

/** A word for missing that is itself a number (−999) means missing as a number, too. */
const isMissingNumber = (value: number, reading: NumberReading | TimeReading): boolean =>
  reading.missing !== undefined && reading.missing.some((word) => word.trim() !== "" && Number(word) === value);

/** An instant by its column's reading, milliseconds since 1970 UTC: NaN is missing, undefined is no instant. */
export function readTime(cell: Cell, reading: TimeReading): number | undefined {
  if (cell === null || cell === undefined) return NaN;
  if (typeof cell === "boolean") return undefined;
  if (typeof cell === "string") {
    const text = cell.trim();
    return isMissing(text, reading) ? NaN : reading.iso ? timeOfIso(text) : timeOfText(text, reading);
  }
  if (reading.iso) return Number.isNaN(cell) ? NaN : undefined;
  const value = Number(cell);
  return Number.isNaN(value) || isMissingNumber(value, reading) ? NaN : timeOfNumber(value, reading.unit);
}

/**
 * A category by its column's reading: "" is missing. With the categories that are `known`, another spelling of one of them is that one; a category that
 * is not known is its own text.
 */
export function readCategory(cell: Cell, reading: CategoryReading, known?: KnownCategories): string {
  if (cell === null || cell === undefined || (typeof cell === "number" && Number.isNaN(cell))) return "";
  const text = textOf(cell);
  if (isMissing(text, reading)) return "";
  if (reading.boolean) {
    const truth = typeof cell === "boolean" ? cell : truthOf(text);
    if (truth !== undefined) return String(truth);
  }
  return known?.find(cell) ?? text;
}
