import type { FallbackConfig, MatchConfig, RuleConfig, StickyConfig, TrafficRules } from "./config.ts";
import { list, number, record, text, texts } from "./fields.ts";
import type { Fail, Fields } from "./fields.ts";

/** Checks the rules of one endpoint; `variants` are the names they may send requests to, where those are known. */
export function parseTraffic(endpoint: Fields, where: string, variants: readonly string[] | undefined, fail: Fail): TrafficRules {
  const known = (name: string, at: string) => {
    if (!variants || variants.includes(name)) return name;
    throw fail(at, `there is no variant "${name}"; there is ${variants.map((one) => `"${one}"`).join(", ")}`);
  };
  const { rules, fallback, sticky } = endpoint;
  return {
    ...(rules !== undefined && {
      rules: list(rules, `${where}.rules`, "it must be a list", fail).map((rule, index) => parseRule(rule, `${where}.rules[${index}]`, known, fail)),
    }),
    ...(fallback !== undefined && { fallback: parseFallback(fallback, `${where}.fallback`, known, fail) }),
    ...(sticky !== undefined && { sticky: parseSticky(sticky, `${where}.sticky`, fail) }),
  };
}

type KnownVariant = (name: string, at: string) => string;

function parseRule(value: unknown, where: string, known: KnownVariant, fail: Fail): RuleConfig {
  const rule = record(value, where, 'it must be an object { "if": …, "variant": … }', fail, ["if", "variant"]);
  const conditions = record(rule["if"], `${where}.if`, "it must be an object with header or parameter", fail, ["header", "parameter"]);
  const header = parseMatches(conditions["header"], `${where}.if.header`, fail, (name) => name.toLowerCase());
  const parameter = parseMatches(conditions["parameter"], `${where}.if.parameter`, fail, (name) => name);
  if (!header && !parameter) throw fail(`${where}.if`, "it must name a header or a parameter; what is for all belongs into the weights");
  const variant = known(text(rule["variant"], `${where}.variant`, fail), `${where}.variant`);
  return { if: { ...(header && { header }), ...(parameter && { parameter }) }, variant };
}

function parseMatches(value: unknown, where: string, fail: Fail, spell: (name: string) => string): Record<string, MatchConfig> | undefined {
  if (value === undefined) return undefined;
  const entries = Object.entries(record(value, where, "it must be an object of names and what they must be", fail));
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.map(([name, match]) => [spell(name), parseMatch(match, `${where}.${name}`, fail)]));
}

function parseMatch(value: unknown, where: string, fail: Fail): MatchConfig {
  if (typeof value === "string") return value;
  const right = 'it must be a string, { "prefix": string } or { "oneOf": [strings] }';
  const match = record(value, where, right, fail, ["prefix", "oneOf"]);
  if (Object.keys(match).length !== 1) throw fail(where, right);
  if (match["prefix"] !== undefined) return { prefix: text(match["prefix"], `${where}.prefix`, fail) };
  return { oneOf: texts(match["oneOf"], `${where}.oneOf`, fail) };
}

function parseFallback(value: unknown, where: string, known: KnownVariant, fail: Fail): FallbackConfig {
  const right = "it must be an object with variant or endpoint, and afterMs if it may be late";
  const fallback = record(value, where, right, fail, ["variant", "endpoint", "afterMs"]);
  const { variant, endpoint, afterMs } = fallback;
  if ((variant === undefined) === (endpoint === undefined)) throw fail(where, right);
  return {
    ...(variant !== undefined && { variant: known(text(variant, `${where}.variant`, fail), `${where}.variant`) }),
    ...(endpoint !== undefined && { endpoint: text(endpoint, `${where}.endpoint`, fail) }),
    ...(afterMs !== undefined && { afterMs: number(afterMs, `${where}.afterMs`, fail, 1, 3_600_000) }),
  };
}

function parseSticky(value: unknown, where: string, fail: Fail): StickyConfig {
  const right = "it must be an object with one of header, cookie and parameter";
  const sticky = record(value, where, right, fail, ["header", "cookie", "parameter"]);
  const [entry, more] = Object.entries(sticky);
  if (!entry || more) throw fail(where, right);
  const name = text(entry[1], `${where}.${entry[0]}`, fail);
  return { [entry[0]]: entry[0] === "header" ? name.toLowerCase() : name };
}
