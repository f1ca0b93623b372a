import { describeError, invalid } from "../../../errors.ts";

/** A string in JSON, or a token that JSON lacks and Python and TensorFlow write. */
const looseTokens = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;
/** An integer of 16 digits or more: doubles may not hold it. */
const longInteger = /[^.\d]\d{16}/;

/**
 * A request's JSON. Beyond the standard it takes NaN (read as null, which is what a missing value is), Infinity and
 * -Infinity; integers that no double holds become bigint. Fails with `serving.bad_json`.
 */
export function parseJson(text: string): unknown {
  try {
    return longInteger.test(text) ? parseExact(text) : JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw notJson(error);
    // 1e999 is how JSON can say what rounds to infinity.
    const standard = text.replace(looseTokens, (token) =>
      token.startsWith('"') ? token : token === "NaN" ? "null" : token.replace("Infinity", "1e999"),
    );
    try {
      return JSON.parse(standard);
    } catch {
      throw notJson(error);
    }
  }
}

const notJson = (error: unknown) => invalid("serving.bad_json", `The body is not JSON: ${describeError(error)}.`);

/** TypeScript does not know the reviver's third argument yet: https://github.com/tc39/proposal-json-parse-with-source */
type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

function parseExact(text: string): unknown {
  const exact: Reviver = (_, value, { source }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  return JSON.parse(text, exact as Parameters<typeof JSON.parse>[1]);
}
