import { NumberBuffer, StringBuffer } from "./log-columns.ts";
import type { LogColumn } from "./log-columns.ts";
import type { Model } from "../runtimes/runtime.ts";
import type { Tensor } from "../tensors/tensor.ts";

/** One scored request, as it goes into the prediction log: one row per predicted row. */
export interface LogEntry {
  readonly requestId: string;
  /**
   * Milliseconds since 1970: when what is predicted about happened, as the client says, and when the request came in.
   */
  readonly eventTime: number;
  readonly receivedAt: number;
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  readonly shadow: boolean;
  /** The probability with which the traffic rules gave this request to this variant. */
  readonly propensity: number;
  /** Share of such entries that are logged: each stands for 1 / share. */
  readonly logShare: number;
  readonly latencyMicros: number;
  /** Parts of the latency: waiting for an instance, and the run of the model. */
  readonly queueMicros: number;
  readonly runMicros: number;
  readonly status: "ok" | "error";
  readonly rows: number;
  readonly model: Model;
  readonly inputs: readonly Tensor[];
  /** Absent when the model failed. */
  readonly outputs: readonly Tensor[] | undefined;
}

/** One column of the file and where its values come from. */
interface Feed {
  readonly name: string;
  readonly source: "input" | "output";
  readonly index: number;
  /** Which element of each row; the tensor's shape alone when "shape". */
  readonly offset: number | "shape";
  readonly buffer: NumberBuffer | StringBuffer;
}

/**
 * Which entries may share a chunk. Failures keep apart: without an answer the columns of the outputs may not be known.
 */
export const chunkKey = (entry: LogEntry): string =>
  JSON.stringify([
    entry.endpoint,
    entry.version,
    entry.variant,
    entry.shadow,
    entry.status,
    entry.logShare,
    Math.floor(entry.eventTime / dayMs),
    widths(entry.inputs, entry.rows),
    widths(entry.outputs ?? [], entry.rows),
  ]);

const widths = (tensors: readonly Tensor[], rows: number): string => tensors.map(({ name, data }) => `${name} ${data.length / rows}`).join();

/** Rows of one variant and one UTC day, column by column: the content of one Parquet file. */
export class LogChunk {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  readonly day: string;
  rows = 0;
  /** About how much memory it takes. */
  bytes = 0;
  readonly #shadow: boolean;
  readonly #logShare: number;
  readonly #status: string;
  readonly #requestId = new StringBuffer();
  readonly #rowIndex = new NumberBuffer();
  readonly #eventTime = new NumberBuffer();
  readonly #receivedAt = new NumberBuffer();
  readonly #propensity = new NumberBuffer();
  readonly #latency = new NumberBuffer();
  readonly #queue = new NumberBuffer();
  readonly #run = new NumberBuffer();
  readonly #feeds: readonly Feed[];

  constructor(first: LogEntry) {
    this.endpoint = first.endpoint;
    this.version = first.version;
    this.variant = first.variant;
    this.day = utcDay(first.eventTime);
    this.#shadow = first.shadow;
    this.#logShare = first.logShare;
    this.#status = first.status;
    this.#feeds = [...inputFeeds(first), ...outputFeeds(first)];
  }

  /** Adds an entry, which takes so many bytes. */
  append(entry: LogEntry, bytes: number): void {
    for (let row = 0; row < entry.rows; row++) {
      this.#requestId.push(entry.requestId);
      this.#rowIndex.push(row);
      this.#eventTime.push(entry.eventTime);
      this.#receivedAt.push(entry.receivedAt);
      this.#propensity.push(entry.propensity);
      this.#latency.push(entry.latencyMicros);
      this.#queue.push(entry.queueMicros);
      this.#run.push(entry.runMicros);
    }
    for (const { source, index, offset, buffer } of this.#feeds) {
      const tensor = (source === "input" ? entry.inputs : entry.outputs)?.[index];
      if (!tensor) buffer.pushMissing(entry.rows);
      else if (offset !== "shape") buffer.pushAll(tensor.data, offset, tensor.data.length / entry.rows);
      else buffer.pushAll(Array.from({ length: entry.rows }, () => tensor.shape.join("x")), 0, 1);
    }
    this.rows += entry.rows;
    this.bytes += bytes;
  }

  columns(): LogColumn[] {
    return [
      this.#requestId.column("request_id"),
      this.#rowIndex.column("row_index", "INT64"),
      this.#eventTime.column("event_time", "TIMESTAMP"),
      this.#receivedAt.column("received_at", "TIMESTAMP"),
      { name: "endpoint", type: "STRING", constant: this.endpoint },
      { name: "version", type: "STRING", constant: this.version },
      { name: "variant", type: "STRING", constant: this.variant },
      { name: "shadow", type: "BOOLEAN", constant: this.#shadow },
      this.#propensity.column("propensity", "DOUBLE"),
      { name: "log_share", type: "DOUBLE", constant: this.#logShare },
      this.#latency.column("latency_us", "INT64"),
      this.#queue.column("queue_us", "INT64"),
      this.#run.column("run_us", "INT64"),
      { name: "status", type: "STRING", constant: this.#status },
      ...this.#feeds.map(({ name, buffer }) =>
        buffer instanceof NumberBuffer ? buffer.column(name, "DOUBLE") : buffer.column(name),
      ),
    ];
  }
}

const fixedBytesPerRow = 72;

/** About how much memory the log takes for an entry. */
export function entryBytes({ rows, inputs, outputs = [] }: LogEntry): number {
  let bytes = rows * fixedBytesPerRow;
  for (const { data } of inputs) if (data.length <= rows * widestLogged) bytes += data.length * 8;
  for (const { data } of outputs) if (data.length <= rows * widestLogged) bytes += data.length * 8;
  return bytes;
}

const dayMs = 86_400_000;

/** The day of an instant (milliseconds since 1970) in UTC, `2026-11-20`. */
export const utcDay = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

/** Of tensors with more elements per row (images, embeddings) the shape is logged, not the elements. */
const widestLogged = 256;

function inputFeeds({ inputs, rows }: LogEntry): Feed[] {
  return inputs.flatMap(({ name, datatype, data }, index): Feed[] => {
    const width = data.length / rows;
    if (width > widestLogged) return [{ name: `input_${name}_shape`, source: "input", index, offset: "shape", buffer: new StringBuffer() }];
    return Array.from({ length: width }, (_, offset) => ({
      name: width === 1 ? `input_${name}` : `input_${name}_${offset}`,
      source: "input",
      index,
      offset,
      buffer: datatype === "BYTES" ? new StringBuffer() : new NumberBuffer(),
    }));
  });
}

/**
 * What the outputs mean: a model with an output of several floats per row, or of strings, is a classifier, whose label
 * and probabilities are logged; the first float output of another model is its prediction.
 */
function outputFeeds({ model, outputs = [], rows }: LogEntry): Feed[] {
  const widths = outputs.map(({ data }) => data.length / rows);
  const isFloat = ({ datatype }: Tensor) => datatype === "FP32" || datatype === "FP64" || datatype === "FP16";
  const probabilities = outputs.findIndex((output, index) => isFloat(output) && widths[index] !== 1);
  const label = outputs.findIndex((output, index) => !isFloat(output) && widths[index] === 1);
  const prediction = probabilities < 0 && label < 0 ? outputs.findIndex(isFloat) : -1;
  const feed = (name: string, index: number, offset: number, buffer: Feed["buffer"]): Feed => ({
    name,
    source: "output",
    index,
    offset,
    buffer,
  });
  if (prediction >= 0) return [feed("output_prediction", prediction, 0, new NumberBuffer())];
  const feeds = label < 0 ? [] : [feed("output_label", label, 0, new StringBuffer())];
  const width = probabilities < 0 || widths[probabilities] > widestLogged ? 0 : widths[probabilities];
  const classes = model.classes?.length === width ? model.classes : undefined;
  for (let offset = 0; offset < width; offset++) {
    feeds.push(feed(`output_probability_${classes?.[offset] ?? offset}`, probabilities, offset, new NumberBuffer()));
  }
  return feeds;
}
