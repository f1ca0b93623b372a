import type { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-node";
import { describeError, invalid } from "../../../../errors.ts";
import type { Datatype, Tensor, Values } from "../../tensors/tensor.ts";
import type { TensorSpec } from "../runtime.ts";
import { tryModel } from "./try-model.ts";

/** An ONNX model loaded in this thread. */
export interface OnnxSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Found by trying: see `tryModel`. */
  readonly rowwise: boolean;
  /** Blocks this thread for `seconds`, the time the model itself took. */
  run(inputs: readonly Tensor[]): Promise<{ outputs: readonly Tensor[]; seconds: number }>;
  release(): Promise<void>;
}

// Short runs on shared cores: a spinning pool takes the time that other threads need.
const options = (threads: number): InferenceSession.SessionOptions => ({
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  logSeverityLevel: 4, // failures come back as errors; ONNX Runtime need not print them too
  extra: { session: { intra_op: { allow_spinning: "0" } } },
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

/**
 * Loads an ONNX file and scores sample rows with it, so that a model that cannot answer is refused before it gets traffic; not where it is `known`
 * from a trial elsewhere whether the model works row by row.
 */
export async function openOnnxSession(file: string, threads = 1, known?: { readonly rowwise: boolean }): Promise<OnnxSession> {
  const runtime = await import("onnxruntime-node");
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(file, options(threads));
  } catch (error) {
    throw invalid("serving.model_unreadable", `ONNX Runtime cannot load ${file}: ${describeError(error)}`, { file });
  }
  const inputs = session.inputMetadata.map((input) => spec(input, "Input", file));
  const outputs = session.outputMetadata.map((output) => spec(output, "Output", file));

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
    const results = await session.run(feeds);
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
  try {
    const rowwise = known ? known.rowwise : await tryModel(inputs, outputs, async (tensors) => (await run(tensors)).outputs);
    return { inputs, outputs, rowwise, run, release: () => session.release() };
  } catch (error) {
    await session.release();
    throw invalid("serving.model_unusable", `${file} loads, but does not score a sample row: ${describeError(error)}`, {
      file,
    });
  }
}

function spec(value: InferenceSession.ValueMetadata, kind: "Input" | "Output", file: string): TensorSpec {
  if (!value.isTensor || !Object.hasOwn(datatypeOf, value.type)) {
    throw invalid(
      "serving.model_unsupported",
      `${kind} "${value.name}" of ${file} is ${value.isTensor ? `of type ${value.type}` : "no tensor"}; supported are ` +
        `tensors of ${Object.keys(datatypeOf).join(", ")} (with scikit-learn, export with zipmap off).`,
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
