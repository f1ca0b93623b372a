import type { MillraceError } from "../../../errors.ts";

/** Makes the error for a place in a configuration: where, and what would be right there. */
export type Fail = (where: string, what: string) => MillraceError;

export type Fields = Readonly<Record<string, unknown>>;

/** An object; with `known`, one that has no other fields. */
export function record(value: unknown, where: string, what: string, fail: Fail, known?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail(where, what);
  const stranger = known && Object.keys(value).find((name) => !known.includes(name));
  if (stranger !== undefined) throw fail(`${where}.${stranger}`, `there is no such field; there is ${known!.join(", ")}`);
  return value as Fields;
}

export function text(value: unknown, where: string, fail: Fail): string {
  if (typeof value !== "string" || value === "") throw fail(where, "it must be a string that is not empty");
  return value;
}

export function flag(value: unknown, where: string, fail: Fail): boolean {
  if (typeof value !== "boolean") throw fail(where, "it must be true or false");
  return value;
}

/** A number from `least` to `most`, of any kind or whole. */
export function number(value: unknown, where: string, fail: Fail, least: number, most: number, whole = false): number {
  if (typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const range = most === Infinity ? `of ${least} or more` : `from ${least} to ${most}`;
  throw fail(where, `it must be a ${whole ? "whole " : ""}number ${range}, not ${JSON.stringify(value)}`);
}

export function list(value: unknown, where: string, what: string, fail: Fail): readonly unknown[] {
  if (!Array.isArray(value)) throw fail(where, what);
  return value;
}

export const texts = (value: unknown, where: string, fail: Fail): string[] =>
  list(value, where, "it must be a list of strings", fail).map((item, index) => text(item, `${where}[${index}]`, fail));

/** An object of texts. */
export function textMap(value: unknown, where: string, fail: Fail): Record<string, string> {
  const entries = Object.entries(record(value, where, "it must be an object of strings", fail));
  return Object.fromEntries(entries.map(([name, one]) => [name, text(one, `${where}.${name}`, fail)]));
}

export const duplicate = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index);
