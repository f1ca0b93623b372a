import type { NumberReading } from "./reading.ts";

const plain = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const infinite = /^([+-]?)(inf|infinity)$/i;

/** A number as programs write it (`-1.5e3`, `inf`); undefined for any other text. */
export function plainNumber(text: string): number | undefined {
  if (plain.test(text)) return Number(text);
  const infinity = infinite.exec(text);
  if (infinity) return infinity[1] === "-" ? -Infinity : Infinity;
  return undefined;
}

const anyMinus = /^[\u2212\u2012\u2013](?=[\d.,(])/;

/** The number that a trimmed text is by a column's notation; undefined where it is none. */
export function numberOfText(text: string, notation: NumberReading): number | undefined {
  const { decimal, thousands, affixes, parentheses, bounds, clock } = notation;
  if (decimal === undefined && thousands === undefined) {
    const number = plainNumber(text);
    if (number !== undefined) return number;
  }
  if (clock) return secondsOf(text);
  let rest = text;
  if (bounds) rest = rest.replace(/^[<>≤≥]=?\s*|\s*\+$/g, "");
  let negative = false;
  if (parentheses && rest.startsWith("(") && rest.endsWith(")")) {
    rest = rest.slice(1, -1).trim();
    negative = true;
  }
  rest = withoutAffix(rest, affixes).replace(anyMinus, "-");
  const digits = decimal === undefined && thousands === undefined ? rest : ungrouped(rest, thousands, decimal ?? ".");
  const number = digits === undefined ? undefined : plainNumber(digits);
  return number === undefined || !negative ? number : -number;
}

/** Takes off one affix before or behind the number, with a sign before it or not: `-$5`, `$-5`, `5 %`. */
function withoutAffix(text: string, affixes: readonly string[] | undefined): string {
  if (affixes === undefined) return text;
  const sign = /^[+\-\u2212]/.exec(text)?.[0] ?? "";
  const unsigned = text.slice(sign.length).trim();
  for (const affix of affixes) {
    if (unsigned.startsWith(affix)) return sign + unsigned.slice(affix.length).trim();
    if (unsigned.endsWith(affix)) return sign + unsigned.slice(0, -affix.length).trim();
  }
  return text;
}

const spaces = /[ \u00a0\u2009\u202f]/;

/**
 * The number without its marks, decimals behind a point. Groups are of three digits, the first of one to three (with commas also as in India, of two
 * before the last three); a number without any mark between thousands is taken as well. Undefined where a mark stands elsewhere.
 */
function ungrouped(text: string, thousands: NumberReading["thousands"], decimal: "." | ","): string | undefined {
  const [, sign, body, exponent] = /^([+-]?)([^eE]*)(e[+-]?\d+)?$/i.exec(text) ?? [];
  if (body === undefined) return undefined;
  const parts = body.split(decimal);
  if (parts.length > 2) return undefined;
  const [whole, fraction = ""] = parts;
  if (fraction !== "" && !/^\d+$/.test(fraction)) return undefined;
  const joined = thousands === undefined ? whole : withoutGroups(whole, thousands);
  if (joined === undefined || !/^\d*$/.test(joined) || joined + fraction === "") return undefined;
  return `${sign}${joined === "" ? "0" : joined}.${fraction === "" ? "0" : fraction}${exponent ?? ""}`;
}

function withoutGroups(whole: string, thousands: NonNullable<NumberReading["thousands"]>): string | undefined {
  const groups = thousands === " " ? whole.split(spaces) : thousands === "'" ? whole.split(/['’]/) : whole.split(thousands);
  if (groups.length === 1) return whole;
  const [first, ...others] = groups;
  const last = others.at(-1)!;
  const middle = others.slice(0, -1);
  const threes = /^\d{1,3}$/.test(first) && others.every((group) => /^\d{3}$/.test(group));
  const indian = thousands === "," && /^\d{1,2}$/.test(first) && /^\d{3}$/.test(last) && middle.every((group) => /^\d{2}$/.test(group));
  return threes || indian ? groups.join("") : undefined;
}

/** `14:05`, `2:05:30.5`, `2:05 PM` in seconds; hours may be any number, as durations have them. */
export function secondsOf(text: string): number | undefined {
  const [, sign, hours, minutes, seconds, half] = /^(-?)(\d{1,4}):(\d{2})(?::(\d{2}(?:[.,]\d{1,9})?))?\s*([ap]\.?m\.?)?$/i.exec(text) ?? [];
  if (hours === undefined) return undefined;
  let hour = Number(hours);
  const rest = seconds === undefined ? 0 : Number(seconds.replace(",", "."));
  if (Number(minutes) > 59 || rest >= 60) return undefined;
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (/^p/i.test(half) ? 12 : 0);
  }
  const total = hour * 3600 + Number(minutes) * 60 + rest;
  return sign === "-" ? -total : total;
}
