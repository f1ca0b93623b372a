import { invalid } from "../../../errors.ts";

/** TypeScript does not know its rawJSON yet: https://github.com/tc39/proposal-json-parse-with-source */
const { rawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown };

/**
 * What `parseJson` read as JSON that it reads as the same again: integers that no double holds, infinities and the sign of −0 stay, which JSON.stringify
 * refuses, makes null and drops. Fails with `serving.bad_json` where lists or objects nest deeper than can be written.
 */
export function exactJson(value: unknown): string {
  try {
    return JSON.stringify(value, exact);
  } catch (error) {
    if (error instanceof RangeError) throw invalid("serving.bad_json", "The data nest too deep.");
    throw error;
  }
}

function exact(_: string, value: unknown): unknown {
  if (typeof value === "bigint") return rawJSON(String(value));
  if (typeof value !== "number") return value;
  if (Object.is(value, -0)) return rawJSON("-0.0");
  return Number.isFinite(value) ? value : rawJSON(value > 0 ? "1e999" : "-1e999");
}
