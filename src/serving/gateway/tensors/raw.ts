import { bytesElement, datatypes, elementBytes } from "./tensor.ts";
import type { BytesElement, Datatype, Values } from "./tensor.ts";

/**
 * The elements of a tensor as raw bytes: numbers little-endian and row-major, BYTES elements each behind its length in
 * 32 bits; triton-inference-server/server, docs/protocol/extension_binary_data.md.
 */
export function rawBytes(values: Values): Buffer {
  if (!Array.isArray(values)) return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const elements = values.map(elementBytes);
  let size = 0;
  for (const element of elements) size += 4 + element.length;
  const raw = Buffer.allocUnsafe(size);
  let at = 0;
  for (const element of elements) {
    at = raw.writeUInt32LE(element.length, at);
    raw.set(element, at);
    at += element.length;
  }
  return raw;
}

/** The `count` elements in raw bytes, as a view of them where they lie aligned. Fails with an Error where there are not as many. */
export function fromRawBytes(bytes: Buffer, datatype: Datatype, count: number): Values {
  const facts = datatypes.get(datatype)!;
  if (!facts.array) return bytesElements(bytes, count);
  if (bytes.length !== count * facts.bytes) {
    throw new Error(`${count} elements of ${datatype} take ${count * facts.bytes} bytes, not ${bytes.length}`);
  }
  if (bytes.byteOffset % facts.bytes === 0) return new facts.array(bytes.buffer, bytes.byteOffset, count);
  return new facts.array(new Uint8Array(bytes).buffer);
}

function bytesElements(bytes: Buffer, count: number): BytesElement[] {
  const found: BytesElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw new Error(`element ${found.length} reaches beyond the bytes of its tensor`);
    found.push(bytesElement(bytes.subarray(at + 4, end)));
    at = end;
  }
  if (found.length !== count) throw new Error(`${count} elements are announced, and the bytes hold ${found.length}`);
  return found;
}
