/** How what somebody writes into one line is meant. */
export const valueTypes = ["true or false", "number", "text", "JSON"] as const;
export type ValueType = (typeof valueTypes)[number];

/** How a value that is there is written. */
export const valueTypeOf = (value: unknown): ValueType => (typeof value === "boolean" ? "true or false" : typeof value === "number" ? "number" : typeof value === "string" ? "text" : "JSON");

/** A value as one line of its type. */
export const writtenValue = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value ?? null));

/** The value that a line of a type says. Throws an `Error` whose message says what the type would be. */
export function readValue(type: ValueType, text: string): unknown {
  if (type === "text") return text;
  if (type === "number") {
    const number = Number(text);
    if (text.trim() === "" || !Number.isFinite(number)) throw new Error(`“${text}” is not a number, such as 4 or 0.75`);
    return number;
  }
  if (type === "true or false") {
    const said = words.get(text.trim().toLowerCase());
    if (said === undefined) throw new Error(`“${text}” is neither true nor false`);
    return said;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`This is not JSON (text stands in "quotes"): ${(error as Error).message}`, { cause: error });
  }
}

const words = new Map([
  ["true", true],
  ["yes", true],
  ["false", false],
  ["no", false],
]);
