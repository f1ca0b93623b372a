import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { conflict, invalid, MillraceError, notFound } from "../../../../errors.ts";
import type { ModelRepository, VersionStatus } from "../../models/repository.ts";
import type { ProtocolContext } from "../protocol.ts";
import { versionOf } from "./predictions.ts";

/** What a client says of a model that it registers; numbers that are none are as good as absent, as in TorchServe. */
export interface Registration {
  readonly url?: string;
  readonly modelName?: string;
  readonly modelVersion?: string;
  readonly handler?: string;
  readonly runtime?: string;
  readonly initialWorkers?: number;
  readonly synchronous?: boolean;
  /** Seconds. */
  readonly responseTimeout?: number;
  readonly startupTimeout?: number;
}

/** What was done: 202 where TorchServe would still be at it, 200 otherwise. */
export interface Done {
  readonly status: 200 | 202;
  readonly message: string;
}

const processing: Done = { status: 202, message: "Processing worker updates..." };

/** Loaded versions, or only those of a model; 404 when it has none. */
export function served(repository: ModelRepository, name?: string): VersionStatus[] {
  const found = repository.index().filter((one) => (name === undefined || one.name === name) && one.state !== "UNAVAILABLE");
  if (name === undefined || found.length > 0) return found;
  throw notFound("serving.unknown_model", `Model not found: ${name}`);
}

/** The version asked for, or the default one; 404 where there is no such. */
export function servedVersion(repository: ModelRepository, name: string, asked: string | undefined): VersionStatus {
  const versions = served(repository, name);
  if (asked === undefined) return versions.find(({ isDefault }) => isDefault) ?? versions[0];
  const version = versionOf({ variants: versions as never }, asked);
  const found = versions.find((one) => one.version === version);
  if (found) return found;
  throw notFound("serving.unknown_version", `Model version: ${asked} does not exist for model: ${name}`);
}

/**
 * Loads a model from the place that a client names, which lies in the model repository unless the operator allows others; answers
 * when it is loaded. pytorch/serve, docs/management_api.md, "Register a model".
 */
export async function register(context: ProtocolContext, asked: Registration): Promise<Done> {
  const { repository } = context;
  if (asked.url === undefined) throw invalid("serving.bad_request", "Parameter url is required.");
  const location = placeOf(asked.url);
  if (asked.handler !== undefined) throw invalid("serving.no_handler", `The handler "${asked.handler}" is Python of a TorchServe archive, which is not run here; serve a model that does this work itself, such as an MLflow Python model.`);
  const name = asked.modelName ?? basename(location).replace(/\.(onnx|graph\.ya?ml|graph\.json)$/, "");
  const version = asked.modelVersion;
  const there = repository.index().filter((one) => one.name === name && one.state !== "UNAVAILABLE");
  if (there.some((one) => version === undefined || one.version === version)) {
    throw conflict("serving.already_loaded", `Model version ${version ?? there[0].version} is already registered for model ${name}`);
  }
  const { initialWorkers = 0, responseTimeout = 0, startupTimeout = 0 } = asked;
  const options = {
    ...(initialWorkers > 0 && { instances: initialWorkers }),
    ...(responseTimeout > 0 && { runTimeoutMs: responseTimeout * 1000 }),
    ...(startupTimeout > 0 && { loadTimeoutMs: startupTimeout * 1000 }),
  };
  const runtime = runtimeOf(asked.runtime);
  try {
    await repository.load({ name, location, ...(version !== undefined && { version }), ...(runtime !== undefined && { runtime }), options });
  } catch (error) {
    throw error instanceof MillraceError && error.code === "serving.model_missing" ? notFound(error.code, error.message) : error;
  }
  if (initialWorkers > 0 && asked.synchronous !== true) return processing;
  const loaded = version ?? servedVersion(repository, name, undefined).version;
  return { status: 200, message: `Model "${name}" Version: ${loaded} registered with ${workersOf(context, name, loaded)} initial workers` };
}

/** The workers that run a version now. */
export function workersOf({ deployment }: ProtocolContext, name: string, version: string): number {
  return deployment().endpoints.get(name)?.variants.find((variant) => variant.version === version)?.held.model.concurrency ?? 0;
}

/** A path as the client means it. Links to elsewhere are told from paths by the model repository. */
function placeOf(url: string): string {
  if (url === "") throw notFound("serving.model_missing", "empty url");
  if (url.split(/[/\\]/).includes("..")) throw notFound("serving.model_missing", `Relative path is not allowed in url: ${url}`);
  if (/\.(mar|war|zip|tar\.gz|tgz)$/i.test(url)) {
    throw invalid("serving.archive", `${url} is an archive, and archives are not unpacked here: a TorchServe archive holds a model and Python for it. Export the model to ONNX, or log it with MLflow, and register that (docs/migrate-from-torchserve.md).`);
  }
  if (!/^file:/i.test(url)) return url;
  try {
    return fileURLToPath(url);
  } catch {
    throw invalid("serving.bad_request", `${url} is no address of a file on this machine; write file:///path.`);
  }
}

/** TorchServe's runtimes are Pythons for handlers, which say nothing of a model here; others are ours by name. */
const runtimeOf = (runtime: string | undefined): string | undefined => (runtime === undefined || /^python[23]?$/i.test(runtime) ? undefined : runtime);

export interface Scaling {
  readonly minWorker?: number;
  readonly maxWorker?: number;
  readonly synchronous?: boolean;
}

/** Sets the workers of a version; answers when they are there. */
export async function scale(context: ProtocolContext, name: string, asked: string | undefined, { minWorker = 1, maxWorker = minWorker, synchronous = false }: Scaling): Promise<Done> {
  const { version } = servedVersion(context.repository, name, asked);
  if (maxWorker < minWorker) throw invalid("serving.bad_request", "max_worker cannot be less than min_worker.");
  if (minWorker < 1) throw invalid("serving.bad_request", `min_worker is ${minWorker}; a model that is served has one worker at least. DELETE /models/${name} takes it out of service.`);
  await context.repository.scale(name, version, minWorker);
  if (!synchronous) return processing;
  return { status: 200, message: `Workers scaled to ${minWorker} for model: ${name}${asked === undefined ? "" : `, version: ${asked}`}` };
}

/** Takes the default version out of service, if it is the only one, or the version named, if it is not the default of others. */
export async function unregister({ repository }: ProtocolContext, name: string, asked: string | undefined): Promise<Done> {
  const { version, isDefault } = servedVersion(repository, name, asked);
  const alone = served(repository, name).length === 1;
  if (isDefault && !alone) throw new MillraceError("serving.default_version", 403, `Cannot remove default version for model ${name}`);
  await repository.unload(name, alone ? undefined : version);
  return { status: 200, message: `Model "${name}" unregistered` };
}

export async function setDefault({ repository }: ProtocolContext, name: string, asked: string): Promise<Done> {
  await repository.setDefault(name, servedVersion(repository, name, asked).version);
  return { status: 200, message: `Default version successfully updated for model "${name}" to "${asked}"` };
}
