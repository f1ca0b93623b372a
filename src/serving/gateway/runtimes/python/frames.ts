import { fromRawBytes, rawBytes } from "../../tensors/raw.ts";
import { product } from "../../tensors/tensor.ts";
import type { Datatype, Tensor } from "../../tensors/tensor.ts";

/** A message between the gateway and a worker; python/serve_pyfunc.py says how it travels. */
export interface Frame<Header> {
  readonly header: Header;
  readonly body: Buffer;
}

/** A tensor as a header lists it. */
export interface TensorHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: number;
}

const sizesBytes = 8;

/** Heads and raw bytes of tensors, in their order. */
export function packTensors(tensors: readonly Tensor[]): { heads: TensorHead[]; parts: Buffer[] } {
  const parts = tensors.map(({ data }) => rawBytes(data));
  const heads = tensors.map(({ name, datatype, shape, data }, index) => ({
    name,
    // Integers with missing values come as doubles, whatever datatype the request gave them.
    datatype: data instanceof Float64Array ? "FP64" : datatype,
    shape,
    bytes: parts[index].length,
  }));
  return { heads, parts };
}

/** The tensors whose bytes begin at `at` of a body. */
export function unpackTensors(heads: readonly TensorHead[], body: Buffer, at = 0): Tensor[] {
  let start = at;
  return heads.map(({ name, datatype, shape, bytes }) => {
    const raw = body.subarray(start, (start += bytes));
    return { name, datatype, shape, data: fromRawBytes(raw, datatype, product(shape)) };
  });
}

/** A frame as the pieces to write. */
export function encodeFrame(header: unknown, parts: readonly Buffer[]): Buffer[] {
  const text = Buffer.from(JSON.stringify(header));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const sizes = Buffer.allocUnsafe(sizesBytes);
  sizes.writeUInt32LE(text.length, 0);
  sizes.writeUInt32LE(size, 4);
  return [sizes, text, ...parts];
}

/** Takes bytes as they come; calls `onFrame` for each frame that is whole. */
export function frameReader<Header>(onFrame: (frame: Frame<Header>) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let length = 0;
  let wanted = sizesBytes;
  return (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < wanted) return;
    let bytes = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    for (;;) {
      wanted = bytes.length < sizesBytes ? sizesBytes : sizesBytes + bytes.readUInt32LE(0) + bytes.readUInt32LE(4);
      if (bytes.length < wanted) break;
      const body = sizesBytes + bytes.readUInt32LE(0);
      onFrame({ header: JSON.parse(bytes.toString("utf8", sizesBytes, body)) as Header, body: bytes.subarray(body, wanted) });
      bytes = bytes.subarray(wanted);
    }
    chunks = bytes.length > 0 ? [bytes] : [];
    length = bytes.length;
  };
}
