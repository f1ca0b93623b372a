import { invalid } from "../../../errors.ts";
import { parseJson } from "../tensors/parse-json.ts";
import type { Params, ParamSpec } from "./runtime.ts";

/**
 * The parameters of a request that a model takes, undefined where there are none; the others are nobody's. A protocol that has text
 * only (a query, gRPC for a list) brings numbers, booleans and lists as JSON. Fails with `serving.bad_param`.
 */
export function paramsFor(specs: readonly ParamSpec[], parameters: Params | undefined): Params | undefined {
  if (!parameters) return undefined;
  const found = specs.filter(({ name }) => parameters[name] !== undefined && parameters[name] !== null);
  return found.length === 0 ? undefined : Object.fromEntries(found.map((spec) => [spec.name, paramValue(spec, parameters[spec.name])]));
}

/** Whether a param is text itself; a date is ISO 8601. */
const isText = ({ type, list }: ParamSpec): boolean => !list && (type === "string" || type === "datetime");

function paramValue(spec: ParamSpec, value: unknown): unknown {
  if (typeof value !== "string" || isText(spec)) return plain(value);
  try {
    return plain(parseJson(value));
  } catch {
    const { name, type, list } = spec;
    throw invalid("serving.bad_param", `The parameter "${name}" is ${JSON.stringify(value)}; it must be ${list ? `a list of ${type}` : type}, which is written as JSON where it comes as text.`);
  }
}

/** The worker is told in JSON, which has no bigint. */
const plain = (value: unknown): unknown => (typeof value === "bigint" ? Number(value) : Array.isArray(value) ? value.map(plain) : value);
