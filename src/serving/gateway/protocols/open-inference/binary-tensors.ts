import { invalid } from "../../../../errors.ts";
import { shown } from "../../tensors/shown.ts";
import { bytesElement, datatypes, elementBytes } from "../../tensors/tensor.ts";
import type { BytesElement, Datatype, Values } from "../../tensors/tensor.ts";

/**
 * The raw tensors that follow the JSON of a request, taken in the order in which the JSON lists them. Little-endian,
 * row-major.
 */
export class BinaryTensors {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next `size` bytes (as parameters.binary_data_size says) as `count` elements. */
  take(size: unknown, datatype: Datatype, count: number, where: string): Values {
    const left = this.#bytes.length - this.#at;
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > left) {
      throw invalid(
        "serving.bad_length",
        `${where}: binary_data_size is ${shown(size)}, and ${left} bytes are left in the body (is it truncated?).`,
      );
    }
    const bytes = this.#bytes.subarray(this.#at, (this.#at += size as number));
    return fromBinary(bytes, datatype, count, where, "binary_data_size is");
  }

  /** Fails when bytes are left that no tensor took. */
  end(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0)
      throw invalid(
        "serving.bad_length",
        `The body has ${left} bytes more than its tensors take by their binary_data_size.`,
      );
  }
}

/** Smaller tensors are copied: a view would keep the whole buffer that they came in, and go with it to other threads. */
const leastShared = 4096;

/**
 * The elements of a tensor from its raw bytes; many numbers share the memory of `bytes` where it is aligned for them.
 * `saidBy` begins what a sentence says of the number of bytes.
 */
export function fromBinary(bytes: Buffer, datatype: Datatype, count: number, where: string, saidBy: string): Values {
  const facts = datatypes.get(datatype)!;
  if (!facts.array) return strings(bytes, count, where);
  if (bytes.length !== count * facts.bytes) {
    throw invalid(
      "serving.bad_length",
      `${where}: ${count} elements of ${datatype} take ${count * facts.bytes} bytes, and ${saidBy} ${bytes.length}.`,
    );
  }
  if (bytes.length >= leastShared && bytes.byteOffset % facts.bytes === 0) return new facts.array(bytes.buffer, bytes.byteOffset, count);
  return new facts.array(new Uint8Array(bytes).buffer);
}

/** BYTES elements: each its length as 32 bits, then its bytes. */
function strings(bytes: Buffer, count: number, where: string): BytesElement[] {
  const found: BytesElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length)
      throw invalid("serving.bad_length", `${where}: element ${found.length} reaches beyond the tensor's bytes.`);
    found.push(bytesElement(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (found.length !== count) {
    throw invalid(
      "serving.bad_length",
      `${where}: the shape asks for ${count} elements, and its bytes hold ${found.length}.`,
    );
  }
  return found;
}

/** The raw bytes of a tensor's elements. */
export function toBinary(values: Values): Buffer {
  if (!Array.isArray(values)) return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const elements = values.map(elementBytes);
  const raw = Buffer.allocUnsafe(elements.reduce((sum, element) => sum + 4 + element.length, 0));
  let at = 0;
  for (const element of elements) {
    raw.writeUInt32LE(element.length, at);
    raw.set(element, at + 4);
    at += 4 + element.length;
  }
  return raw;
}
