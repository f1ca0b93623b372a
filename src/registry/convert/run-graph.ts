import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-node";
import type { Candidate, Feed } from "./convert-model.ts";

/** ONNX Runtime does not take the graph, or a row. */
export class CannotRun extends Error {}

/** A graph and the rows that it can be asked for. */
export class Graph {
  readonly outputs: readonly string[];
  readonly #session: InferenceSession;
  readonly #feeds: Candidate["feeds"];
  readonly #Tensor: TensorConstructor;

  constructor(session: InferenceSession, feeds: Candidate["feeds"], Constructor: TensorConstructor) {
    this.outputs = session.outputNames;
    this.#session = session;
    this.#feeds = feeds;
    this.#Tensor = Constructor;
  }

  /** What the graph answers to these rows, together. Throws `CannotRun`. */
  async run(rows: readonly number[]): Promise<{ readonly rows: readonly number[]; readonly outputs: readonly { readonly name: string; readonly dims: readonly number[]; readonly values: readonly unknown[] }[] }> {
    const inputs = Object.fromEntries(Object.entries(this.#feeds).map(([name, feed]) => [name, tensorOf(this.#Tensor, feed, rows)]));
    let results;
    try {
      results = await this.#session.run(inputs);
    } catch (error) {
      throw new CannotRun(firstLine(error));
    }
    return { rows, outputs: this.outputs.map((name) => ({ name, dims: results[name].dims, values: Array.from(results[name].data as ArrayLike<unknown>) })) };
  }

  release(): Promise<void> {
    return this.#session.release();
  }
}

/** Opens a graph in ONNX Runtime, the one that serves it. Throws `CannotRun`. */
export async function openGraph({ file, feeds }: Candidate): Promise<Graph> {
  const { InferenceSession, Tensor: Constructor } = await import("onnxruntime-node");
  try {
    return new Graph(await InferenceSession.create(file, { logSeverityLevel: 4 }), feeds, Constructor);
  } catch (error) {
    throw new CannotRun(firstLine(error));
  }
}

const firstLine = (error: unknown): string => (error as Error).message.split("\n")[0];

function tensorOf(Constructor: TensorConstructor, { type, rows: all }: Feed, rows: readonly number[]): Tensor {
  const values = rows.flatMap((row) => all[row]);
  const shape = [rows.length, all[0]?.length ?? 0];
  if (type === "string") return new Constructor("string", values.map(String), shape);
  if (type === "int64") return new Constructor("int64", BigInt64Array.from(values.map((value) => BigInt(value as number | string))), shape);
  if (type === "bool") return new Constructor("bool", Uint8Array.from(values.map(Number)), shape);
  return new Constructor("float32", Float32Array.from(values.map((value) => (value === null ? Number.NaN : Number(value)))), shape);
}
