import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { describeError, invalid } from "../../../../errors.ts";
import type { GatewayLog } from "../../gateway-log.ts";
import type { LoadContext, LoadOptions, Model, Runtime } from "../runtime.ts";
import { hasLoops } from "./control-flow.ts";
import { startIsolated } from "./isolated-model.ts";
import { isOrtFormat, ortNamesLoop } from "./ort-format.ts";
import { loggedColumns, loggedGraph } from "./mlmodel-signature.ts";
import type { LoggedColumn } from "./mlmodel-signature.ts";
import { classesIn, readOnnxMetadata } from "./onnx-metadata.ts";
import { withSignature } from "./signature-inputs.ts";
import { startOnnxWorker } from "./onnx-worker-client.ts";
import { Placement } from "./placement.ts";
import type { InlineLimits } from "./placement.ts";
import { trial } from "./trial.ts";

const usualLimits: InlineLimits = { seconds: 0.001, bytes: 2 * 2 ** 20 };

/** Bytes in memory per byte of the file: weights, and their copies packed for the processor. */
const memoryPerByte = 1.5;
/** Copies of a model's weights that the usual number of instances may take together. */
const usualCopiesBytes = 2 ** 30;
const mostUsualInstances = 4;
/** Longest time that loading and trying may take: fixed, and for each mebibyte of the file. */
const usualLoadMs = 30_000;
const loadMsPerMebibyte = 200;
const usualRunMs = 60_000;
/** A model whose made-up sample takes longer never runs in the I/O thread. */
const mostTriedSeconds = 0.02;

/**
 * ONNX models, files and what MLflow logged as such, through onnxruntime-node: in the I/O thread while they are fast, in worker threads once they are not, and in processes if they have loops.
 * Each is tried in another process first, so that one that hangs, crashes or takes all memory does it there.
 */
export const onnxRuntime = {
  name: "onnx",
  triesApart: true,
  accepts: async (location: string) => isGraph(location) || (await isFile(await loggedGraph(location))),
  load: async (location: string, options: LoadOptions, context?: Pick<LoadContext, "log" | "check">) => loadOnnx(isGraph(location) ? location : ((await loggedGraph(location)) ?? location), options, usualLimits, context),
} satisfies Runtime;

const isGraph = (location: string): boolean => location.endsWith(".onnx") || isOrtFormat(location);

const isFile = async (path: string | undefined): Promise<boolean> => path !== undefined && isGraph(path) && (await stat(path).catch(() => undefined))?.isFile() === true;

/** Loads an ONNX file under other limits than the usual ones. */
export async function loadOnnx(file: string, options: LoadOptions, limits: InlineLimits, { log, check }: { readonly log?: GatewayLog; readonly check?: LoadContext["check"] } = {}): Promise<Model> {
  let size: number;
  let version: string;
  let metadata: ReadonlyMap<string, string>;
  let loops: boolean;
  try {
    const found = await stat(file);
    size = found.size;
    version = `${file} ${found.ino} ${size} ${found.mtimeMs}`;
    const ort = isOrtFormat(file);
    metadata = ort ? new Map() : await readOnnxMetadata(file);
    loops = await (ort ? ortNamesLoop(file) : hasLoops(file));
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the model file ${file}: ${describeError(error)}.`, { file });
  }
  const memoryBytes = Math.ceil(size * memoryPerByte);
  const threads = options.threads ?? 1;
  const instances = options.instances ?? usualInstances(memoryBytes, threads);
  const mayInline = size <= limits.bytes && options.instances === undefined && !loops;
  const runtime = mayInline ? import("onnxruntime-node") : undefined; // needed here soon; it loads while the other process does the same
  const loadTimeoutMs = options.loadTimeoutMs ?? usualLoadMs + (size / 2 ** 20) * loadMsPerMebibyte;
  const facts = await trial.of(file, version, threads, loadTimeoutMs);
  await runtime;
  const open = () => (loops ? startIsolated(file, threads, facts, options.runTimeoutMs ?? usualRunMs) : startOnnxWorker(file, threads, facts));
  // A thread or process that starts later reads the file anew.
  const start = async () => {
    await check?.();
    return open();
  };
  const place = await Placement.open({ file, threads, facts, start, instances, limits, inline: mayInline && facts.seconds <= mostTriedSeconds });
  const { inputs, named, problem } = withSignature(facts.inputs, metadata, await columnsBeside(file, log));
  if (problem !== undefined) log?.warn(`${file}: ${problem}`);
  const rowwise = facts.rowwise && options.rowwise !== false;
  return {
    platform: "onnx_onnxv1",
    inputs,
    ...(named && { namedColumns: true }),
    outputs: facts.outputs,
    classes: classesIn(metadata) ?? facts.outputs.find(({ classes }) => classes !== undefined)?.classes,
    rowwise,
    independentRows: rowwise && (options.rowwise ?? facts.independentRows),
    ...(facts.dependence !== undefined && { dependence: facts.dependence }),
    remarks: facts.remarks,
    get concurrency() {
      return place.inline ? 1 : instances;
    },
    get inline() {
      return place.inline;
    },
    get memoryBytes() {
      return memoryBytes * Math.max(1, place.copies);
    },
    run: (inputs, options) => place.run(inputs, options?.owned),
    healthy: () => true, // a thread or process that died is started again with the next request
    release: () => place.release(),
  };
}

/** What MLflow wrote beside the graph; a file that cannot be read is told, and names nothing. */
const columnsBeside = (file: string, log: GatewayLog | undefined): Promise<readonly LoggedColumn[] | undefined> =>
  loggedColumns(file).catch((error: unknown) => {
    log?.warn(`The MLmodel of ${file} cannot be read, and its signature names no columns: ${describeError(error)}`);
    return undefined;
  });

/** Instances × threads within the cores, and their copies of the weights within a gibibyte. */
function usualInstances(memoryBytes: number, threads: number): number {
  const byCores = Math.floor(availableParallelism() / threads);
  const byMemory = Math.floor(usualCopiesBytes / memoryBytes);
  return Math.max(1, Math.min(mostUsualInstances, byCores, byMemory));
}
