import type { AttributeValue } from "./types.ts";

// TypeScript's library does not know JSON.rawJSON (ECMAScript 2026) yet.
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;

/** A double as JSON that is no integer's: `5.0`. The infinities are numbers too great for a double; NaN, which JSON cannot say, is the text "NaN". */
function doubleText(value: number): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? "1e999" : "-1e999";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Attributes as JSON in which integers of any size and doubles stay what they are. */
export const writeAttributes = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === "bigint") return rawJson(String(inner));
    return typeof inner === "number" ? rawJson(doubleText(inner)) : inner;
  });

type ReviverContext = { readonly source?: string };

const keepIntegers = (_key: string, value: unknown, context?: ReviverContext): unknown =>
  typeof value === "number" && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context!.source!) : value;

/** Reads what `writeAttributes` wrote, or any other JSON: its integers come as `bigint`. Throws a SyntaxError. */
export const readAttributes = (text: string): unknown => JSON.parse(text, keepIntegers as Parameters<typeof JSON.parse>[1]);

/**
 * A text that is JSON of an object, a list or a text stands for what it says: SDKs whose attributes can only be texts (OpenTelemetry's) send
 * structures so. Numbers and booleans in a text stay text.
 */
export function unpacked(value: AttributeValue): AttributeValue {
  if (typeof value !== "string" || !/^\s*["[{]/.test(value)) return value;
  try {
    return readAttributes(value) as AttributeValue;
  } catch {
    return value;
  }
}
