import type { Tensor } from "../tensors/tensor.ts";
import type { LogEntry } from "./log-entry.ts";

/** What all rows of a chunk have in common, and what its records hold: enough to read them. */
export interface ChunkHead {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  readonly shadow: boolean;
  readonly logShare: number;
  readonly status: "ok" | "error";
  /** The UTC day of the events, `2026-11-20`. */
  readonly day: string;
  /** In the order of the records. */
  readonly tensors: readonly LoggedTensor[];
}

/**
 * A tensor of which each row becomes values of these columns: all its elements, its shape as text, or a number that tells its elements from others (in no
 * column). From `unseen`: the names of the row's inputs that are categories which the model does not know, as a JSON list.
 */
export interface LoggedTensor {
  readonly from: "inputs" | "outputs" | "unseen";
  readonly index: number;
  readonly kind: "numbers" | "texts" | "shape" | "digests";
  readonly columns: readonly string[];
  /** No part of the row as the client sent it: a retry is the same row at another time. */
  readonly filled?: true;
}

const dayMs = 86_400_000;

/** The number of an instant's day (milliseconds since 1970) in UTC. */
export const dayOf = (instant: number): number => Math.floor(instant / dayMs);

/** Of tensors with more elements per row (images, embeddings) the shape is logged, not the elements. */
const widestLogged = 256;

/** The head of the chunk that an entry begins. */
export function headOf(entry: LogEntry): ChunkHead {
  const { source, outputs } = entry;
  const { endpoint, version, variant, shadow, logShare } = source;
  return {
    endpoint,
    version,
    variant,
    shadow,
    logShare: outputs ? logShare : 1,
    status: outputs ? "ok" : "error",
    day: new Date(entry.eventTime).toISOString().slice(0, 10),
    tensors: [
      ...entry.inputs.flatMap((tensor, index) => loggedInput(tensor, index, entry)),
      ...loggedOutputs(entry),
      ...(source.knowsCategories ? [{ from: "unseen", index: 0, kind: "texts", columns: ["unseen"] } as const] : []),
    ],
  };
}

/** A matrix of named columns is logged as the same table in an input for each would be, however wide it is. */
function loggedInput({ name, datatype, data, filled }: Tensor, index: number, { rows, source }: LogEntry): LoggedTensor[] {
  const width = data.length / rows;
  const named = source.columns?.get(name);
  const kind = datatype === "BYTES" ? "texts" : "numbers";
  if (named?.length === width) return [{ from: "inputs", index, kind, columns: named.map((column) => `input_${column}`) }];
  if (width > widestLogged) {
    return [
      { from: "inputs", index, kind: "shape", columns: [`input_${name}_shape`] },
      { from: "inputs", index, kind: "digests", columns: [] },
    ];
  }
  const columns = width === 1 ? [`input_${name}`] : Array.from({ length: width }, (_, offset) => `input_${name}_${offset}`);
  return [{ from: "inputs", index, kind, columns, ...(filled && { filled }) }];
}

/**
 * What the outputs mean: a model with an output of several floats per row, or of strings, is a classifier, whose label
 * and probabilities are logged; the first float output of another model is its prediction.
 */
function loggedOutputs({ source, outputs = [], rows }: LogEntry): LoggedTensor[] {
  const widths = outputs.map(({ data }) => data.length / rows);
  const isFloat = ({ datatype }: Tensor) => datatype === "FP32" || datatype === "FP64" || datatype === "FP16";
  const probabilities = outputs.findIndex((output, index) => isFloat(output) && widths[index] !== 1);
  const label = outputs.findIndex((output, index) => !isFloat(output) && widths[index] === 1);
  const prediction = probabilities < 0 && label < 0 ? outputs.findIndex(isFloat) : -1;
  if (prediction >= 0) return [{ from: "outputs", index: prediction, kind: "numbers", columns: ["output_prediction"] }];
  const logged: LoggedTensor[] = label < 0 ? [] : [{ from: "outputs", index: label, kind: "texts", columns: ["output_label"] }];
  const width = probabilities < 0 || widths[probabilities] > widestLogged ? 0 : widths[probabilities];
  if (width === 0) return logged;
  const classes = source.classes?.length === width ? source.classes : undefined;
  const columns = Array.from({ length: width }, (_, offset) => `output_probability_${classes?.[offset] ?? offset}`);
  return [...logged, { from: "outputs", index: probabilities, kind: "numbers", columns }];
}
