import { plainNumber } from "../../values/number-text.ts";

/** What the number that was read last looks like; of one that is a number only. */
export interface NumberForm {
  /** Digits alone, with or without a sign. */
  integer: boolean;
  /** Digits that begin with a needless zero, or with a plus before seven digits and more: a code, not a count. */
  code: boolean;
  /** One to three digits, a point and three digits, as a thousands point would stand. */
  grouped: boolean;
  /** Behind the point. */
  decimals: number;
}

const form: NumberForm = { integer: false, code: false, grouped: false, decimals: 0 };

/** The form of the last number that `numberOfBytes` read. */
export const lastForm: Readonly<NumberForm> = form;

const powers = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const mostDigits = 15;
const [plus, minus, point, zero, nine, upperE, lowerE] = [43, 45, 46, 48, 57, 69, 101];

/**
 * The number that bytes write as programs do (`-1.5e3`), read without a string; NaN where they are anything else, infinite words among it. The same as
 * `plainNumber` gives, to the last bit: up to 15 digits times or over a power of ten up to 22 round once, others go by the text.
 */
export function numberOfBytes(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  const sign = buffer[at];
  if (sign === minus || sign === plus) at++;
  const first = at;
  let mantissa = 0;
  let digits = 0;
  for (; at < end; at++) {
    const byte = buffer[at];
    if (byte < zero || byte > nine) break;
    mantissa = mantissa * 10 + (byte - zero);
    digits++;
  }
  const whole = digits;
  let decimals = 0;
  if (at < end && buffer[at] === point) {
    at++;
    for (; at < end; at++) {
      const byte = buffer[at];
      if (byte < zero || byte > nine) break;
      mantissa = mantissa * 10 + (byte - zero);
      digits++;
    }
    decimals = digits - whole;
  }
  if (digits === 0) return NaN;
  form.integer = at - first === whole;
  form.code = form.integer && ((whole > 1 && buffer[first] === zero) || (sign === plus && whole >= 7));
  form.grouped = decimals === 3 && whole >= 1 && whole <= 3 && buffer[first] !== zero && at === end;
  form.decimals = decimals;
  let exponent = -decimals;
  if (at < end) {
    if (buffer[at] !== lowerE && buffer[at] !== upperE) return NaN;
    const power = exponentOf(buffer, at + 1, end);
    if (Number.isNaN(power)) return NaN;
    exponent += power;
  }
  if (digits > mostDigits || exponent > 22 || exponent < -22) return plainNumber(Buffer.from(buffer.buffer, buffer.byteOffset + start, end - start).toString("latin1"))!;
  const value = exponent < 0 ? mantissa / powers[-exponent] : mantissa * powers[exponent];
  return sign === minus ? -value : value;
}

function exponentOf(buffer: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = buffer[at] === minus;
  if (negative || buffer[at] === plus) at++;
  if (at >= end) return NaN;
  let power = 0;
  for (; at < end; at++) {
    const byte = buffer[at];
    if (byte < zero || byte > nine) return NaN;
    power = Math.min(power * 10 + (byte - zero), 100_000);
  }
  return negative ? -power : power;
}
