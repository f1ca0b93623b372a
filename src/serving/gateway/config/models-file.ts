import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { describeError, invalid } from "../../../errors.ts";
import type { UnknownInputs } from "../tensors/bind.ts";
import type { LoadOptions } from "../runtimes/runtime.ts";
import { parseBatching, parseLog, parseUnknownInputs } from "./batch-config.ts";
import type { BatchConfig, LogConfig } from "./batch-config.ts";
import type { TrafficRules } from "./config.ts";
import { flag, list, number, record, text, textMap, texts } from "./fields.ts";
import type { Fail, Fields } from "./fields.ts";
import { parseLoadOptions } from "./load-options.ts";
import { parseTraffic } from "./traffic-config.ts";

/** A model of a gateway that runs alone, as the operator and clients want it; its variants are named as its versions. */
export interface ModelConfig extends TrafficRules {
  /** A model file or folder with its version, folders of versions, or a URL. */
  readonly places: readonly ModelPlace[];
  readonly runtime?: string;
  readonly options?: LoadOptions;
  readonly batching?: BatchConfig;
  readonly log?: LogConfig;
  readonly unknownInputs?: UnknownInputs;
  /** Instances by version, where they differ from the options. */
  readonly instances?: Readonly<Record<string, number>>;
  /** Which versions are served: the newest one when absent. */
  readonly versions?: VersionPolicy;
  readonly labels?: Readonly<Record<string, string>>;
  /** Answers requests that ask for no version; the newest one when absent. */
  readonly default?: string;
  /** Shares of the traffic by version, instead of all to the default. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Versions that also score what others answer. */
  readonly shadows?: readonly string[];
  readonly pinned?: boolean;
  readonly warmup?: readonly unknown[];
  /** Versions that a client has unloaded; all of them for `true`. */
  readonly unloaded?: true | readonly string[];
}

export interface ModelPlace {
  readonly location: string;
  readonly version?: string;
}

export type VersionPolicy = { readonly latest: number } | "all" | { readonly specific: readonly string[] };

const fields = ["location", "version", "places", "runtime", "options", "batching", "log", "unknownInputs", "instances", "versions", "labels", "default", "weights", "shadows", "pinned", "warmup", "unloaded", "rules", "fallback", "sticky"];

/** Reads `{ "models": { NAME: … } }`; paths in it are relative to its folder. Fails with `serving.config_unreadable` or `serving.config_invalid`. */
export async function readModelsFile(path: string): Promise<Map<string, ModelConfig>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw invalid("serving.config_unreadable", `Cannot read the models in ${path}: ${describeError(error)}.`);
  }
  const fail: Fail = (where, what) => invalid("serving.config_invalid", `The models in ${path} are wrong at ${where}: ${what}.`);
  const file = record(value, "the top", 'it must be an object { "models": { NAME: … } }', fail, ["models"]);
  const models = record(file["models"], "models", "it must be an object of models by name", fail);
  return new Map(Object.entries(models).map(([name, model]) => [name, parseModel(model, `models.${name}`, dirname(path), fail)]));
}

function parseModel(value: unknown, where: string, folder: string, fail: Fail): ModelConfig {
  const model = record(value, where, "it must be an object with location", fail, fields);
  const optional = <T>(name: string, read: (value: unknown, at: string) => T): Record<string, T> =>
    model[name] === undefined ? {} : { [name]: read(model[name], `${where}.${name}`) };
  const parsed = {
    places: parsePlaces(model, where, folder, fail),
    ...optional("runtime", (one, at) => text(one, at, fail)),
    ...optional("options", (one, at) => parseLoadOptions(one, at, fail)),
    ...optional("batching", (one, at) => parseBatching(one, at, fail)),
    ...optional("log", (one, at) => parseLog(one, at, fail)),
    ...optional("unknownInputs", (one, at) => parseUnknownInputs(one, at, fail)),
    ...optional("instances", (one, at) => numberMap(one, at, fail, 1, 1024)),
    ...optional("versions", (one, at) => parsePolicy(one, at, fail)),
    ...optional("labels", (one, at) => textMap(one, at, fail)),
    ...optional("default", (one, at) => text(one, at, fail)),
    ...optional("weights", (one, at) => parseWeights(one, at, fail)),
    ...optional("shadows", (one, at) => texts(one, at, fail)),
    ...optional("pinned", (one, at) => flag(one, at, fail)),
    ...optional("warmup", (one, at) => list(one, at, "it must be a list of infer requests", fail)),
    ...optional("unloaded", (one, at) => (one === true ? one : texts(one, at, fail))),
  } as ModelConfig;
  // Which versions there are is known when the folder is read: their names are checked then.
  return { ...parsed, ...parseTraffic(model, where, undefined, fail) };
}

function parsePlaces(model: Fields, where: string, folder: string, fail: Fail): ModelPlace[] {
  const place = (value: Fields, at: string): ModelPlace => {
    const location = text(value["location"], `${at}.location`, fail);
    return {
      location: /^[a-z]+:\/\//.test(location) ? location : resolve(folder, location),
      ...(value["version"] !== undefined && { version: text(value["version"], `${at}.version`, fail) }),
    };
  };
  if (model["places"] === undefined) return [place(model, where)];
  const right = "it must be a list of { location, version }";
  return list(model["places"], `${where}.places`, right, fail).map((one, index) => {
    const at = `${where}.places[${index}]`;
    return place(record(one, at, right, fail, ["location", "version"]), at);
  });
}

function parsePolicy(value: unknown, where: string, fail: Fail): VersionPolicy {
  if (value === "all") return value;
  const policy = record(value, where, 'it must be "all", { "latest": number } or { "specific": [versions] }', fail, ["latest", "specific"]);
  if (policy["latest"] !== undefined) return { latest: number(policy["latest"], `${where}.latest`, fail, 1, 1_000_000, true) };
  return { specific: texts(policy["specific"], `${where}.specific`, fail) };
}

function numberMap(value: unknown, where: string, fail: Fail, least: number, most: number): Record<string, number> {
  const entries = Object.entries(record(value, where, "it must be an object of numbers by version", fail));
  return Object.fromEntries(entries.map(([name, one]) => [name, number(one, `${where}.${name}`, fail, least, most)]));
}

function parseWeights(value: unknown, where: string, fail: Fail): Record<string, number> {
  const weights = numberMap(value, where, fail, 0, 1);
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum - 1) > 1e-6) throw fail(where, `they sum to ${sum}, not 1`);
  return weights;
}
