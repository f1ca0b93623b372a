import { mlflowError } from "./mlflow-error.ts";

/** Integers of 16 digits and more may lie beyond 2^53; only texts that hold one, where one may come, take the slower way. */
const longInteger = /\d{16}/;

type ReviverContext = { readonly source?: string };

/** Integers that a double cannot hold come as BigInt; everything else as JSON.parse gives it. */
const keepIntegers = (_key: string, value: unknown, context?: ReviverContext): unknown =>
  typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context!.source!) : value;

const parse = (text: string, exact: boolean): unknown => (exact && longInteger.test(text) ? JSON.parse(text, keepIntegers as Parameters<typeof JSON.parse>[1]) : JSON.parse(text));

/**
 * A request's body as MLflow's clients send it: JSON, or a JSON string that holds JSON (old clients), or nothing. Python's bare `NaN`
 * and `Infinity` are read as the strings of the same name, which a number's field takes.
 */
export function parseBody(text: string, options: { readonly exact: boolean } = { exact: true }): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = parse(text, options.exact);
  } catch {
    try {
      value = parse(quoteBareNumbers(text), options.exact);
    } catch (error) {
      throw mlflowError("BAD_REQUEST", `The request's body is not JSON: ${(error as Error).message}`);
    }
  }
  if (typeof value === "string") return parseBody(value, options);
  if (value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw mlflowError("BAD_REQUEST", `The request's body must be a JSON object, got ${text.slice(0, 100)}`);
  }
  return value as Record<string, unknown>;
}

/** Puts quotes around the words that stand for numbers, outside of strings. In one pass, whatever the text: it is one that is no JSON. */
function quoteBareNumbers(text: string): string {
  const parts: string[] = [];
  for (let at = 0; at < text.length; ) {
    const begin = text.indexOf('"', at);
    const outside = begin < 0 ? text.length : begin;
    parts.push(text.slice(at, outside).replaceAll(/-?\b(?:NaN|Infinity)\b/g, '"$&"'));
    at = outside + 1;
    for (let mark = text[at]; at < text.length && mark !== '"'; mark = text[at]) at += mark === "\\" ? 2 : 1;
    parts.push(text.slice(outside, (at += 1)));
  }
  return parts.join("");
}

// TypeScript's library does not know JSON.rawJSON (ECMAScript 2026) yet.
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON;

/** Any JSON of the client's own, in an answer: what is empty or null in it stays there. */
export class AnyJson {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** As protobuf's JSON: unset fields and empty lists are left out, integers of any size are numbers, non-finite doubles are strings, and zero keeps its sign. */
export function formatBody(value: unknown): string {
  const kept = new WeakSet<object>();
  const keep = (inner: unknown): unknown => {
    if (typeof inner === "object" && inner !== null) kept.add(inner);
    return inner;
  };
  return JSON.stringify(value, function (this: object, _key, inner: unknown) {
    if (inner instanceof AnyJson) return keep(inner.value);
    if (typeof inner === "number") return Object.is(inner, -0) ? rawJson("-0.0") : Number.isFinite(inner) ? inner : String(inner);
    if (typeof inner === "bigint") return rawJson(String(inner));
    if (kept.has(this)) return keep(inner);
    return inner === null || (Array.isArray(inner) && inner.length === 0) ? undefined : inner;
  });
}
