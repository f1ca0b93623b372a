import { shortText } from "./json-text.ts";
import type { Datatype, Numbers } from "./tensor.ts";

interface FloatFacts {
  readonly round: (value: number) => number;
  /** Up to here every integer is one of its numbers. */
  readonly exact: number;
  readonly largest: number;
}

/** IEEE 754 binary16, binary32 and binary64. */
const facts: Readonly<Partial<Record<Datatype, FloatFacts>>> = {
  FP16: { round: Math.f16round, exact: 2 ** 11, largest: 65_504 },
  FP32: { round: Math.fround, exact: 2 ** 24, largest: (2 - 2 ** -23) * 2 ** 127 },
  FP64: { round: (value) => value, exact: 2 ** 53, largest: Number.MAX_VALUE },
};

/** Magnitudes up to here, of which a look at each suffices, are held by a float type as a number should be. */
export const surelyFits = (datatype: Datatype): number => facts[datatype]?.exact ?? Infinity;

/** The first number that a float type does not hold; -1 where it holds them all. `rounding`: as for `floatMisfit`. */
export function firstMisfit(values: Numbers, datatype: Datatype, rounding = false): number {
  const sure = surelyFits(datatype);
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if ((value > sure || value < -sure) && floatMisfit(value, datatype, rounding) !== undefined) return at;
  }
  return -1;
}

/**
 * What is wrong with a number for a float type, as the end of a sentence; undefined where nothing is. A finite number must not become infinite, and an
 * integer that is told apart from its neighbours must stay itself: as an identifier or an amount it would be another one. Fractions are rounded, as is
 * what a double holds no more exactly; NaN and the infinities are held by all. `rounding`: whether integers may be rounded, too.
 */
export function floatMisfit(value: number | bigint, datatype: Datatype, rounding = false): string | undefined {
  const { round, exact, largest } = facts[datatype] ?? facts.FP64!;
  const double = Number(value);
  const rounded = round(double);
  if (!Number.isFinite(double) && typeof value === "number") return undefined;
  if (!Number.isFinite(rounded)) return `${datatype} takes numbers from ${-largest} to ${largest}`;
  if (rounding || holds(value, rounded, datatype)) return undefined;
  return `${datatype} does not hold this integer (it holds all up to ${exact}): send ${rounded} if the nearest will do`;
}

/**
 * Whether a rounded number stands for the value as it came. That may be a shortest decimal: 118327020 is how the 118327024 of 32 bits is written, and
 * 24314080445595650 the double 24314080445595648.
 */
function holds(value: number | bigint, rounded: number, datatype: Datatype): boolean {
  const double = Number(value);
  if (typeof value === "number" ? !Number.isSafeInteger(value) : BigInt(rounded) === value) return true;
  if (typeof value === "bigint" && String(double) !== String(value)) return false;
  return rounded === double || Number(datatype === "FP64" ? rounded : shortText(rounded, datatype)) === double;
}
