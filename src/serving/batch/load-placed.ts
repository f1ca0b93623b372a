import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { MillraceError } from "../../errors.ts";
import type { GatewayLog } from "../gateway/gateway-log.ts";
import { onnxRuntime } from "../gateway/runtimes/onnx/onnx-runtime.ts";
import { realClock } from "../gateway/runtimes/python/clock.ts";
import { loadPyfunc } from "../gateway/runtimes/python/python-runtime.ts";
import type { Model } from "../gateway/runtimes/runtime.ts";

/** A version whose files lie where the gateway would open them. */
export interface PlacedVersion {
  readonly model: string;
  readonly version: number;
  readonly runtime: "onnx" | "python";
  /** An absolute path on the machine of the server. */
  readonly location: string;
  /** SHA-256 by the path of each file. */
  readonly files: Readonly<Record<string, string>>;
  /** The interpreter of a Python model; null where it is the gateway's own choice. */
  readonly python: string | null;
}

/** Graphs whose file is larger have one copy in memory, which takes all cores. */
const mostCopiedBytes = 256 * 2 ** 20;
const runTimeoutMs = 30 * 60_000;

/**
 * Loads a version to be asked about many rows at once: by the runtime that the gateway serves it with, on all cores.
 *
 * @throws `serving.model_elsewhere` where the files are on another machine, and what the runtimes say
 */
export async function loadPlaced({ location, runtime, python }: PlacedVersion, log: GatewayLog): Promise<Model> {
  const found = await stat(location).catch(() => undefined);
  if (!found) throw new MillraceError("serving.model_elsewhere", 409, `The model's files lie at ${location}, which is not on this machine: run the command where the server runs`);
  const cores = availableParallelism();
  if (runtime === "python") return await loadPyfunc(location, { instances: 1, threads: cores, runTimeoutMs, ...(python !== null && { python }) }, { log }, realClock);
  const copies = found.size > mostCopiedBytes ? 1 : Math.min(8, cores);
  return await onnxRuntime.load(location, { instances: copies, threads: copies === 1 ? cores : 1 }, { log });
}
