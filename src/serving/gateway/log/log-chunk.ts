import { dayOf, headOf } from "./chunk-head.ts";
import type { ChunkHead } from "./chunk-head.ts";
import type { LogEntry } from "./log-entry.ts";
import { recordBytes } from "./log-record.ts";
import type { Piece } from "./log-record.ts";
import type { PiecePool } from "./piece-pool.ts";
import type { Tensor } from "../tensors/tensor.ts";

/** A tensor as every entry of a chunk has it. */
interface Form {
  readonly name: string;
  readonly width: number;
  readonly texts: boolean;
  readonly filled?: true;
}

/**
 * Records of one variant and one UTC day: the content of one Parquet file. They lie in memory that the thread which
 * writes the file sees too, so that handing them over copies nothing.
 */
export class LogChunk {
  /** Names its journal and its file. */
  readonly id: string;
  readonly head: ChunkHead;
  readonly pieces: Piece[] = [];
  rows = 0;
  /** Of its records. */
  bytes = 0;
  readonly #pool: PiecePool;
  readonly #day: number;
  readonly #inputs: readonly Form[];
  readonly #outputs: readonly Form[] | undefined;

  constructor(first: LogEntry, id: string, pool: PiecePool) {
    this.id = id;
    this.#pool = pool;
    this.head = headOf(first);
    this.#day = dayOf(first.eventTime);
    this.#inputs = formsOf(first.inputs, first.rows);
    this.#outputs = first.outputs && formsOf(first.outputs, first.rows);
  }

  /** Whether an entry of the same source may join: failures keep apart, as do other days and other tensors. */
  takes({ eventTime, inputs, outputs, rows }: LogEntry): boolean {
    if (dayOf(eventTime) !== this.#day || !alike(inputs, this.#inputs, rows)) return false;
    return outputs && this.#outputs ? alike(outputs, this.#outputs, rows) : outputs === this.#outputs;
  }

  /** Adds an entry; says how many bytes it takes. */
  append(entry: LogEntry): number {
    const { tensors } = this.head;
    const most = recordBytes(entry, tensors);
    let piece = this.pieces.at(-1);
    if (!piece || piece.free < most) this.pieces.push((piece = this.#pool.take(piece, most)));
    const bytes = piece.append(entry, tensors);
    this.rows += entry.rows;
    this.bytes += bytes;
    return bytes;
  }

  /** Gives its memory back, when its records are elsewhere and nobody reads them any more. */
  free(): void {
    this.#pool.give(this.pieces.splice(0));
  }
}

/** Which chunk an entry belongs to that no chunk at hand takes. */
export const chunkKey = ({ source, eventTime, inputs, outputs, rows }: LogEntry): string => {
  const { endpoint, version, variant, shadow, logShare, classes, columns, knowsCategories } = source;
  return JSON.stringify([endpoint, version, variant, shadow, logShare, classes, columns && [...columns], knowsCategories, dayOf(eventTime), formsOf(inputs, rows), outputs && formsOf(outputs, rows)]);
};

const formsOf = (tensors: readonly Tensor[], rows: number): Form[] =>
  tensors.map(({ name, data, datatype, filled }) => ({ name, width: data.length / rows, texts: datatype === "BYTES", ...(filled && { filled }) }));

function alike(tensors: readonly Tensor[], forms: readonly Form[], rows: number): boolean {
  if (tensors.length !== forms.length) return false;
  for (let i = 0; i < forms.length; i++) {
    const { name, data, datatype, filled } = tensors[i];
    const form = forms[i];
    if (data.length !== form.width * rows || name !== form.name || (datatype === "BYTES") !== form.texts || filled !== form.filled) return false;
  }
  return true;
}
