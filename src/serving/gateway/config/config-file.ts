import { readFile } from "node:fs/promises";
import { describeError, invalid } from "../../../errors.ts";
import type { EndpointConfig, GatewayConfig, VariantConfig } from "./config.ts";

/** Weights are decimal fractions written by people and programs: 0.1 + 0.2 + 0.7 must pass. */
const weightTolerance = 1e-6;

/** Reads and checks a gateway configuration. Fails with `serving.config_unreadable` or `serving.config_invalid`. */
export async function readConfig(path: string): Promise<GatewayConfig> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw invalid(
      "serving.config_unreadable",
      `Cannot read the gateway configuration ${path}: ${describeError(error)}.`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid("serving.config_invalid", `The gateway configuration ${path} is not JSON: ${describeError(error)}.`);
  }
  return parseConfig(value, path);
}

/** Checks a parsed configuration; `source` names it in errors. */
export function parseConfig(value: unknown, source: string): GatewayConfig {
  const fail = (where: string, what: string) =>
    invalid("serving.config_invalid", `The gateway configuration ${source} is wrong at ${where}: ${what}.`);
  const config = record(value, () => fail("its top", "it must be an object with revision and endpoints"));
  const { revision, endpoints } = config;
  if (!Number.isSafeInteger(revision)) throw fail("revision", "it must be an integer");
  if (!Array.isArray(endpoints)) throw fail("endpoints", "it must be a list");
  const parsed = endpoints.map((endpoint, index) => parseEndpoint(endpoint, `endpoints[${index}]`, fail));
  const twice = duplicate(parsed.map((endpoint) => endpoint.name));
  if (twice !== undefined) throw fail("endpoints", `the name "${twice}" is used twice`);
  return { revision: revision as number, endpoints: parsed };
}

type Fail = (where: string, what: string) => Error;

function parseEndpoint(value: unknown, where: string, fail: Fail): EndpointConfig {
  const endpoint = record(value, () => fail(where, "it must be an object with name, salt and variants"));
  const name = text(endpoint["name"], `${where}.name`, fail);
  if (typeof endpoint["salt"] !== "string") throw fail(`${where}.salt`, "it must be a string");
  if (!Array.isArray(endpoint["variants"]) || endpoint["variants"].length === 0) {
    throw fail(`${where}.variants`, "it must be a list of at least one variant");
  }
  const variants = endpoint["variants"].map((variant, i) => parseVariant(variant, `${where}.variants[${i}]`, fail));
  const twice = duplicate(variants.map((variant) => variant.name));
  if (twice !== undefined) throw fail(`${where}.variants`, `the name "${twice}" is used twice`);
  const sum = variants.reduce((total, variant) => total + variant.weight, 0);
  if (Math.abs(sum - 1) > weightTolerance) {
    const weights = variants.map((variant) => `${variant.name} ${variant.weight}`).join(", ");
    throw fail(`${where}.variants`, `the weights of "${name}" sum to ${sum}, not 1 (${weights})`);
  }
  return { name, salt: endpoint["salt"], variants };
}

function parseVariant(value: unknown, where: string, fail: Fail): VariantConfig {
  const variant = record(value, () => fail(where, "it must be an object with name, version, location, weight and shadow"));
  const { weight, shadow } = variant;
  if (typeof weight !== "number" || !(weight >= 0 && weight <= 1)) {
    throw fail(`${where}.weight`, `it must be a number from 0 to 1, not ${JSON.stringify(weight)}`);
  }
  if (typeof shadow !== "boolean") throw fail(`${where}.shadow`, "it must be true or false");
  return {
    name: text(variant["name"], `${where}.name`, fail),
    version: text(variant["version"], `${where}.version`, fail),
    location: text(variant["location"], `${where}.location`, fail),
    ...(variant["runtime"] !== undefined && { runtime: text(variant["runtime"], `${where}.runtime`, fail) }),
    weight,
    shadow,
  };
}

function record(value: unknown, error: () => Error): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw error();
  return value as Record<string, unknown>;
}

function text(value: unknown, where: string, fail: Fail): string {
  if (typeof value !== "string" || value === "") throw fail(where, "it must be a string that is not empty");
  return value;
}

const duplicate = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index);
