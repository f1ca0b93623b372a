import { describeError, invalid, MillraceError } from "../../../../errors.ts";
import type { ModelRepository, ModelSource, VersionStatus } from "../../models/repository.ts";
import type { Parameters } from "./request-parameters.ts";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

/**
 * The model repository extension over REST and gRPC (triton-inference-server/server,
 * docs/protocol/extension_model_repository.md). A gateway has one repository, whatever name a client calls it by.
 */

/** Every version known, or those that answer. */
export const repositoryIndex = (repository: ModelRepository, readyOnly: boolean): Pick<VersionStatus, "name" | "version" | "state" | "reason">[] =>
  repository
    .index()
    .filter(({ state }) => !readyOnly || state === "READY")
    .map(({ name, version, state, reason }) => ({ name, version, state, reason }));

/** Loads a model by its name; `config` among the parameters may say how many instances and which versions. */
export async function loadModel(repository: ModelRepository, name: string, parameters: Parameters): Promise<void> {
  try {
    await repository.load({ name, ...readOverrides(parameters) });
  } catch (error) {
    throw named(error, `failed to load '${name}'`);
  }
}

/** Takes a model out of service. No model depends on another here, so `unload_dependents` changes nothing. */
export async function unloadModel(repository: ModelRepository, name: string): Promise<void> {
  try {
    await repository.unload(name);
  } catch (error) {
    throw named(error, `failed to unload '${name}'`);
  }
}

/** Clients look for these words. */
const named = (error: unknown, what: string): unknown =>
  error instanceof MillraceError
    ? new MillraceError(error.code, error.status, `${what}, ${error.message}`, { cause: error.cause, details: error.details })
    : error;

const settable = "instance_group (count) and version_policy";

function readOverrides(parameters: Parameters): Partial<ModelSource> {
  const file = Object.keys(parameters).find((key) => key.startsWith("file:"));
  if (file !== undefined) {
    throw invalid("serving.bad_override", `the parameter "${file}" brings a file of the model; models are loaded from where the gateway knows them, not from requests.`);
  }
  const { config } = parameters;
  if (config === undefined) return {};
  const settings = parseConfig(config);
  const other = Object.keys(settings).find((key) => !["name", "instance_group", "version_policy"].includes(key));
  if (other !== undefined) throw invalid("serving.bad_override", `the configuration sets ${other}; what can be set is ${settable}.`);
  const instances = readInstances(settings["instance_group"]);
  const versions = readVersions(settings["version_policy"]);
  return { ...(instances !== undefined && { options: { instances } }), ...(versions && { versions }) };
}

function parseConfig(config: unknown): JsonObject {
  let value: unknown;
  try {
    value = typeof config === "string" ? JSON.parse(config) : config;
  } catch (error) {
    throw invalid("serving.bad_override", `the configuration is not JSON: ${describeError(error)}.`);
  }
  if (isObject(value)) return value;
  throw invalid("serving.bad_override", `the configuration must be a JSON object with ${settable}.`);
}

function readInstances(groups: unknown): number | undefined {
  if (groups === undefined) return undefined;
  const counts = Array.isArray(groups) ? groups.map((group: { count?: unknown } | null) => group?.count ?? 1) : [];
  if (counts.length > 0 && counts.every((count) => Number.isSafeInteger(count) && (count as number) > 0)) {
    return (counts as number[]).reduce((sum, count) => sum + count, 0);
  }
  throw invalid("serving.bad_override", `instance_group must be a list such as [{"count": 2}].`);
}

function readVersions(policy: unknown): ModelSource["versions"] {
  if (policy === undefined) return undefined;
  const { latest, all, specific } = (policy ?? {}) as { latest?: { num_versions?: unknown }; all?: unknown; specific?: { versions?: unknown } };
  if (all !== undefined) return "all";
  if (latest !== undefined && Number.isSafeInteger(latest.num_versions ?? 1)) return { latest: (latest.num_versions ?? 1) as number };
  if (Array.isArray(specific?.versions)) return { specific: specific.versions.map(String) };
  throw invalid("serving.bad_override", `version_policy must be {"latest": {"num_versions": 1}}, {"all": {}} or {"specific": {"versions": [1, 3]}}.`);
}
