import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { invalid } from "../../../../errors.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import type { LoadContext, LoadOptions, Model, NativeAnswer, ParamSpec, Runtime, RunOptions, TensorSpec } from "../runtime.ts";
import { classesIn } from "../onnx/onnx-metadata.ts";
import { signatureKey, withSignature } from "../onnx/signature-inputs.ts";
import { realClock } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { packTensors, unpackTensors } from "./frames.ts";
import type { Frame } from "./frames.ts";
import type { ModelFacts, WorkerAnswer } from "./python-worker.ts";
import { WorkerPool } from "./worker-pool.ts";

const marker = "MLmodel";
const usualLoadMs = 120_000;
const usualRunMs = 60_000;

/** MLflow models (folders with an `MLmodel`) through their Python function flavor, in processes of a Python that has what they need. */
export const pythonRuntime: Runtime = {
  name: "python",
  accepts: async (location) => {
    if (location.includes("://")) return false;
    if (basename(location) === marker) return true;
    const found = await stat(join(location, marker)).catch(() => undefined);
    return found?.isFile() === true;
  },
  load: (location, options, context) => loadPyfunc(location, options, context, realClock),
};

/** A model with the process ids of its workers. */
export interface PythonModel extends Model {
  readonly pids: readonly number[];
}

/** Loads a model whose workers are watched by another clock than the real one. */
export async function loadPyfunc(location: string, options: LoadOptions, { log }: Pick<LoadContext, "log">, clock: Clock): Promise<PythonModel> {
  const folder = basename(location) === marker ? dirname(location) : location;
  const found = await stat(join(folder, marker)).catch(() => undefined);
  if (!found) throw invalid("serving.model_missing", `Cannot read the model ${folder}: there is no file ${marker} in it.`, { location });
  const pool = new WorkerPool({
    python: options.python ?? process.env["MILLRACE_GATEWAY_PYTHON"] ?? "python3",
    folder,
    threads: options.threads ?? 1,
    instances: options.instances ?? 1,
    loadTimeoutMs: options.loadTimeoutMs ?? usualLoadMs,
    runTimeoutMs: options.runTimeoutMs ?? usualRunMs,
    recycleAfter: options.recycleAfter,
    memoryCapBytes: options.memoryCapBytes,
    clock,
    log,
  });
  return new Pyfunc(pool, await pool.start(), options);
}

class Pyfunc implements PythonModel {
  readonly platform = "mlflow_pyfunc";
  readonly classes: readonly string[] | undefined;
  readonly namedColumns?: boolean;
  readonly inputs: readonly TensorSpec[];
  readonly params?: readonly ParamSpec[];
  readonly anyInputs: boolean;
  readonly concurrency: number;
  readonly cores: number;
  /** Only for a model that streams. */
  readonly stream?: Model["stream"];
  /** MLflow's own scoring requests, answered by MLflow's own code: of a model that Millrace did not pack. */
  readonly native?: Model["native"];
  readonly #pool: WorkerPool;
  #outputs: readonly TensorSpec[];
  #rowwise: boolean;
  readonly #merges: boolean;

  constructor(pool: WorkerPool, facts: ModelFacts, options: LoadOptions) {
    this.#pool = pool;
    // A packed model is asked as every model that was trained here: one reader for every door.
    const metadata = new Map(facts.signature === undefined ? [] : [[signatureKey, facts.signature]]);
    const packed = withSignature(facts.inputs, metadata);
    this.inputs = packed.inputs;
    if (packed.named) this.namedColumns = true;
    else this.native = (request, run) => this.#native(request, run);
    this.classes = packed.named ? classesIn(metadata) : undefined;
    if (facts.params.length > 0) this.params = facts.params;
    this.anyInputs = facts.inputs.length === 0;
    this.#outputs = facts.outputs;
    this.#rowwise = options.rowwise ?? facts.rowwise;
    this.#merges = options.rowwise === true;
    this.concurrency = options.instances ?? 1;
    this.cores = options.threads ?? 1;
    if (facts.streamable) this.stream = (inputs, run) => this.#stream(inputs, run);
  }

  /** As the signature says, or the first answer. */
  get outputs(): readonly TensorSpec[] {
    return this.#outputs;
  }

  /** Until an answer has other rows than its request. */
  get rowwise(): boolean {
    return this.#rowwise;
  }

  /** No signature says so: `predict` is any code, and gets a whole table. */
  get independentRows(): boolean {
    return this.#rowwise && this.#merges;
  }

  get dependence(): string | undefined {
    return this.independentRows ? undefined : "What a Python model does with the rows of a table is not known.";
  }

  get memoryBytes(): number {
    return this.#pool.memoryBytes;
  }

  get pids(): readonly number[] {
    return this.#pool.pids;
  }

  async run(inputs: readonly Tensor[], { params, signal }: RunOptions = {}): Promise<readonly Tensor[]> {
    const { heads, parts } = packTensors(inputs);
    const outputs = outputsOf(await this.#pool.ask({ request: { op: "run", inputs: heads, params }, parts, signal }));
    this.#learn(inputs, outputs);
    return outputs;
  }

  async #native(request: { readonly contentType: string; readonly body: Buffer }, run: RunOptions = {}): Promise<NativeAnswer> {
    const frame = await this.#pool.ask({ request: { op: "native", contentType: request.contentType }, parts: [request.body], signal: run.signal });
    throwFault(frame);
    const { status, contentType, length, inputs = [], outputs = [] } = frame.header;
    const answer = { status: status!, contentType: contentType!, body: frame.body.subarray(0, length) };
    if (outputs.length === 0) return answer;
    const tensors = unpackTensors([...inputs, ...outputs], frame.body, length);
    const scored = { rows: outputs[0].shape[0], inputs: tensors.slice(0, inputs.length), outputs: tensors.slice(inputs.length) };
    return { ...answer, scored };
  }

  healthy(): boolean {
    return this.#pool.healthy();
  }

  release(): Promise<void> {
    return this.#pool.release();
  }

  async *#stream(inputs: readonly Tensor[], { params, signal }: RunOptions = {}): AsyncGenerator<readonly Tensor[]> {
    const { heads, parts } = packTensors(inputs);
    const come: (readonly Tensor[])[] = [];
    let wake = Promise.withResolvers<void>();
    let ended = false;
    const onPart = (part: Frame<WorkerAnswer>) => {
      come.push(outputsOf(part));
      wake.resolve();
    };
    const all = this.#pool.ask({ request: { op: "stream", inputs: heads, params }, parts, signal, onPart }).then(throwFault).finally(() => {
      ended = true;
      wake.resolve();
    });
    all.catch(() => undefined); // awaited below, if the reader comes so far
    while (!ended || come.length > 0) {
      while (come.length > 0) yield come.shift()!;
      await wake.promise;
      wake = Promise.withResolvers<void>();
      if (ended) wake.resolve();
    }
    await all;
  }

  #learn(inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
    const rows = inputs[0]?.shape[0];
    if (this.#rowwise && outputs.some(({ shape }) => shape[0] !== rows)) this.#rowwise = false;
    const known = this.#outputs;
    if (known.length === outputs.length && outputs.every(({ name, datatype }, index) => known[index].name === name && known[index].datatype === datatype)) return;
    this.#outputs = outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map((size, axis) => (axis === 0 && size === rows ? -1 : size)) }));
  }
}

function outputsOf(frame: Frame<WorkerAnswer>): readonly Tensor[] {
  throwFault(frame);
  return unpackTensors(frame.header.outputs!, frame.body);
}

function throwFault({ header }: Frame<WorkerAnswer>): void {
  if (header.fault === "request") throw invalid("serving.model_refused", header.message!);
  if (header.fault === "model") throw new Error(header.message);
}
