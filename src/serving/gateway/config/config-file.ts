import { readFile } from "node:fs/promises";
import { describeError, invalid } from "../../../errors.ts";
import { parseBatching, parseLog, parseUnknownInputs } from "./batch-config.ts";
import type { EndpointConfig, GatewayConfig, ModelContent, VariantConfig } from "./config.ts";
import { duplicate, flag, list, number, record, text, textMap } from "./fields.ts";
import type { Fail } from "./fields.ts";
import { parseLoadOptions } from "./load-options.ts";
import { isBroken } from "./sealed.ts";
import { parseTraffic } from "./traffic-config.ts";

/** Weights are decimal fractions written by people and programs: 0.1 + 0.2 + 0.7 must pass. */
const weightTolerance = 1e-6;

/** Reads and checks a gateway configuration. Fails with `serving.config_unreadable`, `serving.config_invalid` or, where it says what its checksum is and that is another, `serving.config_damaged`. */
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
  if (isBroken(value)) {
    throw invalid("serving.config_damaged", `The gateway configuration ${path} is damaged: it is not what was written, as its checksum says. Start the server (\`millrace up\`), which writes it anew, or, where you have changed it by hand, take "sha256" out of it`);
  }
  return parseConfig(value, path);
}

/** Checks a parsed configuration; `source` names it in errors. */
export function parseConfig(value: unknown, source: string): GatewayConfig {
  const fail: Fail = (where, what) =>
    invalid("serving.config_invalid", `The gateway configuration ${source} is wrong at ${where}: ${what}.`);
  const config = record(value, "its top", "it must be an object with revision and endpoints", fail);
  const { revision } = config;
  if (!Number.isSafeInteger(revision)) throw fail("revision", "it must be an integer");
  const endpoints = list(config["endpoints"], "endpoints", "it must be a list", fail);
  const parsed = endpoints.map((endpoint, index) => parseEndpoint(endpoint, `endpoints[${index}]`, fail));
  const withheld = config["withheld"] === undefined ? {} : textMap(config["withheld"], "withheld", fail);
  const twice = duplicate([...parsed.map((endpoint) => endpoint.name), ...Object.keys(withheld)]);
  if (twice !== undefined) throw fail("endpoints", `the name "${twice}" is used twice`);
  for (const [index, { name, fallback }] of parsed.entries()) {
    const other = fallback?.endpoint;
    if (other === undefined || (other !== name && (Object.hasOwn(withheld, other) || parsed.some((endpoint) => endpoint.name === other)))) continue;
    throw fail(`endpoints[${index}].fallback.endpoint`, `"${other}" is no other endpoint of this configuration`);
  }
  return { revision: revision as number, endpoints: parsed, ...(Object.keys(withheld).length > 0 && { withheld }) };
}

function parseEndpoint(value: unknown, where: string, fail: Fail): EndpointConfig {
  const endpoint = record(value, where, "it must be an object with name, salt and variants", fail);
  const name = text(endpoint["name"], `${where}.name`, fail);
  if (typeof endpoint["salt"] !== "string") throw fail(`${where}.salt`, "it must be a string");
  const right = "it must be a list of at least one variant";
  const variants = list(endpoint["variants"], `${where}.variants`, right, fail).map((variant, i) =>
    parseVariant(variant, `${where}.variants[${i}]`, fail),
  );
  if (variants.length === 0) throw fail(`${where}.variants`, right);
  const names = variants.map((variant) => variant.name);
  const twice = duplicate(names);
  if (twice !== undefined) throw fail(`${where}.variants`, `the name "${twice}" is used twice`);
  const sum = variants.reduce((total, variant) => total + variant.weight, 0);
  if (Math.abs(sum - 1) > weightTolerance) {
    const weights = variants.map((variant) => `${variant.name} ${variant.weight}`).join(", ");
    throw fail(`${where}.variants`, `the weights of "${name}" sum to ${sum}, not 1 (${weights})`);
  }
  const labels = endpoint["labels"] === undefined ? undefined : textMap(endpoint["labels"], `${where}.labels`, fail);
  for (const [label, version] of Object.entries(labels ?? {})) {
    if (!variants.some((variant) => variant.version === version)) throw fail(`${where}.labels.${label}`, `no variant is of version "${version}"`);
  }
  const log = endpoint["log"] === undefined ? undefined : parseLog(endpoint["log"], `${where}.log`, fail);
  const unknownInputs = endpoint["unknownInputs"] === undefined ? undefined : parseUnknownInputs(endpoint["unknownInputs"], `${where}.unknownInputs`, fail);
  return { name, salt: endpoint["salt"], variants, ...(log && { log }), ...(unknownInputs && { unknownInputs }), ...(labels && { labels }), ...parseTraffic(endpoint, where, names, fail) };
}

function parseVariant(value: unknown, where: string, fail: Fail): VariantConfig {
  const variant = record(value, where, "it must be an object with name, version, location, weight and shadow", fail);
  const { content, runtime, options, batching, pinned, warmup } = variant;
  return {
    weight: number(variant["weight"], `${where}.weight`, fail, 0, 1),
    shadow: flag(variant["shadow"], `${where}.shadow`, fail),
    name: text(variant["name"], `${where}.name`, fail),
    version: text(variant["version"], `${where}.version`, fail),
    location: text(variant["location"], `${where}.location`, fail),
    ...(content !== undefined && { content: parseContent(content, `${where}.content`, fail) }),
    ...(runtime !== undefined && { runtime: text(runtime, `${where}.runtime`, fail) }),
    ...(options !== undefined && { options: parseLoadOptions(options, `${where}.options`, fail) }),
    ...(batching !== undefined && { batching: parseBatching(batching, `${where}.batching`, fail) }),
    ...(pinned !== undefined && { pinned: flag(pinned, `${where}.pinned`, fail) }),
    ...(warmup !== undefined && { warmup: list(warmup, `${where}.warmup`, "it must be a list of infer requests", fail) }),
  };
}

function parseContent(value: unknown, where: string, fail: Fail): ModelContent {
  const content = record(value, where, "it must be an object with folder and files", fail);
  const files = textMap(content["files"], `${where}.files`, fail);
  for (const [path, sha256] of Object.entries(files)) if (!/^[0-9a-f]{64}$/.test(sha256)) throw fail(`${where}.files.${path}`, "it must be a SHA-256, 64 hex digits");
  return { folder: text(content["folder"], `${where}.folder`, fail), files };
}
