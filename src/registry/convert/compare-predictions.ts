import type { Tensor, TensorConstructor } from "onnxruntime-node";
import { invalid } from "../../errors.ts";
import type { Feed, Made } from "./run-python.ts";

/** How far the answers of a graph are from those of the model it was made of, on the rows of the input example. */
export interface Compared {
  readonly rows: number;
  /** The greatest absolute difference of a prediction, or of a probability where the model gives them. */
  readonly difference: number;
  /** That, as a share of the greatest absolute prediction (of probabilities: of 1). */
  readonly share: number;
  /** Rows that got another class; 0 for numbers. */
  readonly differentLabels: number;
}

/** Runs the graph on the example by ONNX Runtime and compares; null without an example. */
export async function comparePredictions(file: string, { feeds, predictions, probabilities }: Made): Promise<Compared | null> {
  if (feeds === null || predictions === null) return null;
  const { InferenceSession, Tensor: Constructor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  try {
    const results = await session.run(Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, tensorOf(Constructor, feed)])));
    const answers = session.outputNames.map((name) => Array.from(results[name].data as ArrayLike<unknown>));
    return probabilities === null ? compareNumbers(predictions, answers[0]) : compareClasses(predictions, probabilities, answers);
  } finally {
    await session.release();
  }
}

function tensorOf(Constructor: TensorConstructor, { type, rows }: Feed): Tensor {
  const [values, shape] = [rows.flat(), [rows.length, rows[0]?.length ?? 0]];
  if (type === "string") return new Constructor("string", values.map(String), shape);
  if (type === "int64") return new Constructor("int64", BigInt64Array.from(values.map((value) => BigInt(value as number))), shape);
  if (type === "bool") return new Constructor("bool", Uint8Array.from(values.map(Number)), shape);
  return new Constructor("float32", Float32Array.from(values.map((value) => (value === null ? Number.NaN : Number(value)))), shape);
}

/** Numbers of a regression, or of whatever has no probabilities. */
export function compareNumbers(predictions: readonly unknown[], answers: readonly unknown[]): Compared {
  const [expected, got] = [predictions.flat().map(Number), answers.map(Number)];
  if (expected.some(Number.isNaN) && predictions.flat().some((value) => typeof value === "string")) {
    return { rows: predictions.length, difference: 0, share: 0, differentLabels: predictions.filter((value, row) => String(value) !== String(answers[row])).length };
  }
  if (expected.length !== got.length) throw invalid("registry.conversion_failed", `The graph gives ${got.length} numbers where the model gives ${expected.length}`);
  const difference = greatest(expected.map((value, index) => value - got[index]));
  return { rows: predictions.length, difference, share: difference / (greatest(expected) || 1), differentLabels: 0 };
}

function compareClasses(predictions: readonly unknown[], probabilities: readonly (readonly number[])[], [labels, scores]: readonly (readonly unknown[])[]): Compared {
  const expected = probabilities.flat();
  if (scores?.length !== expected.length) throw invalid("registry.conversion_failed", `The graph gives ${scores?.length ?? 0} probabilities where the model gives ${expected.length}`);
  const difference = greatest(expected.map((value, index) => value - Number(scores[index])));
  return { rows: predictions.length, difference, share: difference, differentLabels: predictions.filter((value, row) => String(value) !== String(labels[row])).length };
}

/** NaN where one of them is. */
const greatest = (values: readonly number[]): number => values.reduce((most, value) => (Math.abs(value) > most || Number.isNaN(value) ? Math.abs(value) : most), 0);
