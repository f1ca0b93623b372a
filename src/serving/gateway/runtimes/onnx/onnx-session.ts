import type { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { describeError, invalid } from "../../../../errors.ts";
import type { Datatype, Tensor, Values } from "../../tensors/tensor.ts";
import type { TensorSpec } from "../runtime.ts";
import { createSession } from "./create-session.ts";
import { inputExample } from "./input-example.ts";
import type { InputExample } from "./input-example.ts";
import { loadChecked, sessionOptions } from "./optimisation.ts";
import type { Optimisation } from "./optimisation.ts";
import { graphFacts } from "./rows/row-dependence.ts";
import { asClients, whyUnreadable } from "./runtime-errors.ts";
import { coarseCloseness, usualCloseness } from "./same-answers.ts";
import { samplesOfSizes, tryModel } from "./try-model.ts";
import { toldByGraph, type Specs } from "./words/told-by-graph.ts";

/** What a trial found of a model. */
export interface TrialFacts {
  /** The first dimension of every input and output counts rows. */
  readonly rowwise: boolean;
  /** Shown by the graph, and refuted by no sample: no row depends on another one. */
  readonly independentRows: boolean;
  readonly optimisation: Optimisation;
  /** Why rows of several requests are not put together, as a sentence; absent where they are independent. */
  readonly dependence?: string;
  /** What people should know of it, as sentences. */
  readonly remarks: readonly string[];
}

/** What is known of a model that was loaded and tried. */
export interface ModelFacts extends TrialFacts {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/** An ONNX model loaded in this thread. */
export interface OnnxSession extends ModelFacts {
  /** Blocks this thread for `seconds`, the time the model itself took. */
  run(inputs: readonly Tensor[]): Promise<{ outputs: readonly Tensor[]; seconds: number }>;
  release(): Promise<void>;
}

// Short runs on shared cores: a spinning pool takes the time that other threads need.
const options = (threads: number, { graphOptimizationLevel, extra }: InferenceSession.SessionOptions): InferenceSession.SessionOptions => ({
  ...(graphOptimizationLevel && { graphOptimizationLevel }),
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  logSeverityLevel: 4, // failures come back as errors; ONNX Runtime need not print them too
  extra: { ...extra, session: { intra_op: { allow_spinning: "0" } } },
});

const datatypeOf = {
  bool: "BOOL",
  uint8: "UINT8",
  uint16: "UINT16",
  uint32: "UINT32",
  uint64: "UINT64",
  int8: "INT8",
  int16: "INT16",
  int32: "INT32",
  int64: "INT64",
  float16: "FP16",
  float32: "FP32",
  float64: "FP64",
  string: "BYTES",
} as const satisfies Record<string, Datatype>;

type OnnxType = keyof typeof datatypeOf;
const onnxTypeOf = new Map<Datatype, OnnxType>(Object.entries(datatypeOf).map(([type, datatype]) => [datatype, type as OnnxType]));

interface LoadedSession extends Pick<OnnxSession, "inputs" | "outputs" | "run" | "release"> {
  /** Its answers to made-up samples. */
  answers(): Promise<readonly (readonly Tensor[] | undefined)[]>;
}

/**
 * Loads an ONNX file and scores sample rows with it, made-up ones and those of the input example that was logged with it, which tells whether the model works row by row and whether the optimiser changes its answers; not where
 * it is `known` from a trial elsewhere what it is.
 */
export async function openOnnxSession(file: string, threads = 1, known?: TrialFacts): Promise<OnnxSession> {
  if (known) return { ...(await load(file, threads, known.optimisation)), ...onlyFacts(known) };
  const graph = graphFacts(file);
  const closeness = graph.coarse ? coarseCloseness : usualCloseness;
  const tell = toldByGraph(file);
  let example: InputExample | undefined;
  const withExample = async (loaded: LoadedSession): Promise<LoadedSession> => {
    const { tensors } = (example ??= await inputExample(file, loaded.inputs));
    const answer = async () => tensors && (await loaded.run(tensors)).outputs;
    return { ...loaded, answers: async () => [...(await loaded.answers()), await answer().catch(() => undefined)] };
  };
  const { loaded, optimisation, remark } = await loadChecked(async (how) => withExample(await load(file, threads, how, tell)), closeness);
  const { inputs, outputs, run, release } = loaded;
  const answers = async (tensors: readonly Tensor[]) => (await run(tensors)).outputs;
  const { tensors, problem } = example ?? {};
  const failure = problem ?? (tensors && (await answers(tensors).then(() => undefined, describeError)));
  const tried = await tryModel(inputs, outputs, answers, { shown: graph.independent, closeness, ...(tensors && failure === undefined && { example: tensors }) });
  const remarks = [remark, failure === undefined ? undefined : `The model does not take the input example that was logged with it: ${failure}`].filter((one) => one !== undefined);
  const rowwise = tried.rowwise && !graph.unsized;
  const independentRows = rowwise && graph.independent && !tried.dependent;
  const dependence = independentRows ? undefined : (graph.why ?? "Made-up rows are answered otherwise together than alone.");
  return { inputs, outputs: rowwise ? outputs.map(openRows) : outputs, rowwise, independentRows, ...(dependence !== undefined && { dependence }), optimisation, remarks, run, release };
}

const onlyFacts = ({ rowwise, independentRows, dependence, optimisation, remarks }: TrialFacts): TrialFacts => ({ rowwise, independentRows, ...(dependence !== undefined && { dependence }), optimisation, remarks });

/** `tell` adds to inputs and outputs what the graph tells of them, categories and classes. */
async function load(file: string, threads: number, optimisation: Optimisation, tell: (specs: Specs) => Specs = (specs) => specs): Promise<LoadedSession> {
  const runtime = await import("onnxruntime-node");
  let session: InferenceSession;
  try {
    session = await createSession(runtime.InferenceSession, file, options(threads, sessionOptions(optimisation)));
  } catch (error) {
    throw invalid("serving.model_unreadable", `ONNX Runtime cannot load ${file}: ${whyUnreadable(describeError(error))}`, { file });
  }
  let inputs: readonly TensorSpec[];
  let outputs: readonly TensorSpec[];
  try {
    ({ inputs, outputs } = tell({
      inputs: session.inputMetadata.map((input) => spec(input, "Input", file)),
      outputs: session.outputMetadata.map((output) => spec(output, "Output", file)),
    }));
  } catch (error) {
    await session.release();
    throw error;
  }

  const run: OnnxSession["run"] = async (tensors) => {
    // Without a prototype: "__proto__" is a name like any other.
    const feeds = Object.create(null) as Record<string, OnnxTensor>;
    for (const { name, datatype, shape, data } of tensors) {
      const tensor = new runtime.Tensor(onnxTypeOf.get(datatype)!, onnxData(name, data) as string[], shape);
      // The native part of onnxruntime-node 1.30 does not know Float16Array, its JavaScript part makes one of anything: "not enough space: expected 2, got 0".
      if (data instanceof Float16Array) Object.defineProperty(tensor, "data", { value: new Uint16Array(data.buffer, data.byteOffset, data.length) });
      feeds[name] = tensor;
    }
    // run() waits for the next immediate and then blocks; this one comes right before it and so marks its true start.
    let start = 0;
    setImmediate(() => (start = performance.now()));
    const results = await session.run(feeds).catch((error: unknown) => {
      throw asClients(error);
    });
    const seconds = (performance.now() - start) / 1000;
    return {
      outputs: outputs.map(({ name, datatype }) => ({
        name,
        datatype,
        shape: results[name].dims,
        data: results[name].data as Values,
      })),
      seconds,
    };
  };
  const answer = async (sample: readonly Tensor[]) => (await run(sample)).outputs;
  return {
    inputs,
    outputs,
    run,
    async answers() {
      const found: (readonly Tensor[] | undefined)[] = [];
      for (const sample of samplesOfSizes(inputs)) found.push(await answer(sample).catch(() => undefined));
      return found;
    },
    release: () => session.release(),
  };
}

/** An output of as many rows as are asked, whatever the file says: some exporters write [1] for labels. */
const openRows = (output: TensorSpec): TensorSpec => (output.shape[0] === 1 ? { ...output, shape: [-1, ...output.shape.slice(1)] } : output);

function spec(value: InferenceSession.ValueMetadata, kind: "Input" | "Output", file: string): TensorSpec {
  if (!value.isTensor || !Object.hasOwn(datatypeOf, value.type)) {
    throw invalid(
      "serving.model_unsupported",
      `${kind} "${value.name}" of ${file} is ${value.isTensor ? `of type ${value.type}` : "no tensor"}; supported are ` +
        `tensors of ${Object.keys(datatypeOf).join(", ")}${value.isTensor ? "" : " (of a sequence or a map, export the tensors in it)"}.`,
    );
  }
  const shape = value.shape.map((dimension) => (typeof dimension === "number" && dimension >= 0 ? dimension : -1));
  return { name: value.name, datatype: datatypeOf[value.type as OnnxType], shape };
}

function onnxData(name: string, data: Values): Exclude<Values, unknown[]> | string[] {
  if (!Array.isArray(data)) return data;
  if (data.every((element) => typeof element === "string")) return data;
  throw invalid("serving.bad_value", `inputs "${name}" has bytes that are no UTF-8; ONNX models take text only.`);
}
