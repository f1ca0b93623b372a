import { readAttributes } from "./attribute-json.ts";
import { isAttributes } from "./conventions.ts";
import { spanAttributes } from "./span-attributes.ts";
import type { Span } from "./types.ts";

/** Counts of tokens, and costs in US dollars, under the names that clients use for them. */
export const tokenKeys = ["input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"] as const;
export const costKeys = ["input_cost", "output_cost", "total_cost"] as const;

export type Usage = ReadonlyMap<string, number>;

/** The tokens and costs that a span says of itself. */
export const usageOfSpan = (span: Span): Usage =>
  new Map([...numbersIn(span.attributes[spanAttributes.tokenUsage], tokenKeys), ...numbersIn(span.attributes[spanAttributes.cost], costKeys)]);

/** The token counts in the JSON that a client sent as a trace's metadata; none when it is something else. */
export function tokensIn(json: string | undefined): Usage {
  if (json === undefined) return new Map();
  try {
    return numbersIn(readAttributes(json), tokenKeys);
  } catch {
    return new Map();
  }
}

function numbersIn(value: unknown, keys: readonly string[]): Map<string, number> {
  if (!isAttributes(value)) return new Map();
  const found = keys.map((key): [string, number] => [key, typeof value[key] === "bigint" || typeof value[key] === "number" ? Number(value[key]) : Number.NaN]);
  return new Map(found.filter(([, number]) => Number.isFinite(number)));
}

/** The part of a usage with these keys, as JSON; undefined when there is none. */
export function usageJson(usage: Usage, keys: readonly string[]): string | undefined {
  const part = keys.flatMap((key) => (usage.has(key) ? [[key, usage.get(key)] as const] : []));
  return part.length === 0 ? undefined : JSON.stringify(Object.fromEntries(part));
}
