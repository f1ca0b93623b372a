import type { InferenceSession } from "onnxruntime-node";
import { describeError, invalid } from "../../../../errors.ts";
import type { InputSpec, OutputColumn, OutputSpec } from "../runtime.ts";
import type { Datatype, Values } from "../../tensors/tensor.ts";

/** An ONNX model loaded in this thread. */
export interface OnnxSession {
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  /** Blocks this thread for `seconds`, the time the model itself took. */
  run(rows: number, columns: readonly Values[]): Promise<{ columns: readonly OutputColumn[]; seconds: number }>;
  release(): Promise<void>;
}

// Short runs on shared cores: a spinning pool takes the time the other threads need (reference/serving.md §5.2).
const options: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4, // failures come back as errors; ONNX Runtime need not print them too
  extra: { session: { intra_op: { allow_spinning: "0" } } },
};

const datatypes: Readonly<Record<string, Datatype>> = {
  float32: "FP32",
  float64: "FP64",
  int64: "INT64",
  int32: "INT32",
  bool: "BOOL",
  string: "BYTES",
};
const inputTypes = { FP32: "float32", FP64: "float64", INT64: "int64", BYTES: "string" } as const;

/**
 * Loads an ONNX file and scores two sample rows with it, so that a model that cannot answer is refused before it gets
 * traffic.
 */
export async function openOnnxSession(file: string): Promise<OnnxSession> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(file, options);
  } catch (error) {
    throw invalid("serving.model_unreadable", `ONNX Runtime cannot load ${file}: ${describeError(error)}`, { file });
  }
  const inputs = session.inputMetadata.map((input) => inputSpec(input, file));
  const outputs = session.outputMetadata.map((output) => outputSpec(output, file));

  const run: OnnxSession["run"] = async (rows, columns) => {
    const feeds: Record<string, InstanceType<typeof Tensor>> = {};
    for (const [index, { name, datatype, width }] of inputs.entries()) {
      feeds[name] = new Tensor(inputTypes[datatype], columns[index], [rows, width]);
    }
    // run() waits for the next immediate and then blocks; this one comes right before it and so marks its true start.
    let start = 0;
    setImmediate(() => (start = performance.now()));
    const results = await session.run(feeds);
    const seconds = (performance.now() - start) / 1000;
    return { columns: outputs.map(({ name }) => outputColumn(name, results[name], rows)), seconds };
  };
  const opened = { inputs, outputs, run, release: () => session.release() };
  try {
    await run(
      2,
      inputs.map((input) => sampleRows(input, 2)),
    );
  } catch (error) {
    await session.release();
    throw invalid("serving.model_unusable", `${file} loads, but does not score a sample row: ${describeError(error)}`, {
      file,
    });
  }
  return opened;
}

function inputSpec(input: InferenceSession.ValueMetadata, file: string): InputSpec {
  const datatype = input.isTensor ? datatypes[input.type] : undefined;
  if (!input.isTensor || datatype === undefined || !(datatype in inputTypes)) {
    throw invalid(
      "serving.model_unsupported",
      `Input "${input.name}" of ${file} is ${input.isTensor ? `of type ${input.type}` : "no tensor"}; ` +
        `supported are tensors of ${Object.values(inputTypes).join(", ")}.`,
    );
  }
  const tail = input.shape.slice(1);
  if (input.shape.length !== 2 || typeof tail[0] !== "number") {
    throw invalid(
      "serving.model_unsupported",
      `Input "${input.name}" of ${file} has the shape [${input.shape.join(", ")}]; supported is [N, columns] with N left open.`,
    );
  }
  return { name: input.name, datatype: datatype as InputSpec["datatype"], width: tail[0] };
}

function outputSpec(output: InferenceSession.ValueMetadata, file: string): OutputSpec {
  const datatype = output.isTensor ? datatypes[output.type] : undefined;
  if (!output.isTensor || datatype === undefined) {
    throw invalid(
      "serving.model_unsupported",
      `Output "${output.name}" of ${file} is ${output.isTensor ? `of type ${output.type}` : "no tensor"}; supported are ` +
        `tensors of ${Object.keys(datatypes).join(", ")} (with scikit-learn, export with zipmap off).`,
    );
  }
  const tail = output.shape.slice(1).map((dimension) => (typeof dimension === "number" ? dimension : -1));
  return { name: output.name, datatype, tail };
}

function outputColumn(name: string, tensor: { dims: readonly number[]; data: unknown }, rows: number): OutputColumn {
  const [first, ...tail] = tensor.dims;
  if (first !== rows) {
    throw new Error(
      `output "${name}" has the shape [${tensor.dims.join(", ")}] for ${rows} rows; its first dimension must count rows`,
    );
  }
  return { values: tensor.data as Values, tail };
}

function sampleRows({ datatype, width }: InputSpec, rows: number): Values {
  const count = rows * width;
  if (datatype === "BYTES") return Array.from({ length: count }, () => "");
  if (datatype === "INT64") return new BigInt64Array(count);
  return datatype === "FP32" ? new Float32Array(count) : new Float64Array(count);
}
