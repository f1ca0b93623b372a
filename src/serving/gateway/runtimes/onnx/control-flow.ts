import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { fieldAt } from "./protobuf-wire.ts";

// Field numbers of onnx.proto, by message; only what leads to the operators of nodes.
const model = { graph: 7, functions: 25 };
const graphNodes = 1;
const functionNodes = 7;
const node = { operator: 4, attributes: 5 };
const attribute = { graph: 6, graphs: 11 };

/** Operators that run their body as often as the data say. (Scan and SequenceMap go once over what they are given.) */
const loops = new Set(["Loop"]);

const windowBytes = 1 << 16;

/**
 * Whether an ONNX model loops: how long its runs take then no file and no trial tells. Steps over the weights without reading them. What is no protobuf
 * has none: the runtime has the last word on validity.
 */
export async function hasLoops(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const reader = new Reader(handle);
    const { size } = await handle.stat();
    for await (const field of reader.fields(0, size)) {
      if (field.number === model.graph && (await graphLoops(reader, field, graphNodes))) return true;
      if (field.number === model.functions && (await graphLoops(reader, field, functionNodes))) return true;
    }
    return false;
  } finally {
    await handle.close();
  }
}

interface Field {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

async function graphLoops(reader: Reader, graph: Field, nodes: number): Promise<boolean> {
  for await (const one of reader.fields(graph.start, graph.end)) {
    if (one.number !== nodes) continue;
    for await (const field of reader.fields(one.start, one.end)) {
      if (field.number === node.operator && loops.has(await reader.text(field))) return true;
      if (field.number !== node.attributes) continue;
      for await (const inner of reader.fields(field.start, field.end)) {
        if ((inner.number === attribute.graph || inner.number === attribute.graphs) && (await graphLoops(reader, inner, graphNodes))) return true;
      }
    }
  }
  return false;
}

/** Fields of protobuf messages in a file, by windows of it. */
class Reader {
  readonly #handle: FileHandle;
  readonly #window = Buffer.alloc(windowBytes);
  #from = 0;
  #to = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The fields that begin from `start` on, to `end`. */
  async *fields(start: number, end: number): AsyncGenerator<Field> {
    for (let at = start; at < end;) {
      await this.#need(at);
      const field = fieldAt(this.#window.subarray(0, this.#to - this.#from), at - this.#from);
      if (!field || this.#from + field.end > end) return;
      const found = { number: field.number, start: this.#from + field.start, end: this.#from + field.end };
      at = found.end;
      yield found;
    }
  }

  /** A short text. */
  async text({ start, end }: Field): Promise<string> {
    if (end - start > 64) return "";
    await this.#need(start);
    return this.#window.toString("utf8", start - this.#from, Math.min(end, this.#to) - this.#from);
  }

  /** Has the next bytes in the window, more than a tag and a length or a short text take. */
  async #need(at: number): Promise<void> {
    if (at >= this.#from && at + 64 <= this.#to) return;
    const { bytesRead } = await this.#handle.read(this.#window, 0, windowBytes, at);
    this.#from = at;
    this.#to = at + bytesRead;
  }
}
