/** How many varints end in these bytes: each in its only byte without the highest bit. */
export function countVarints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if (bytes[at] < 0x80) count++;
  return count;
}

/** A varint of 64 bits takes up to ten bytes, and so does a negative one of 32. */
const longest = 10;

/** Integers of up to 32 bits as varints, negative ones with their sign in 64 bits as protobuf wants it. */
export function packVarints(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * longest);
  let at = 0;
  for (let i = 0; i < values.length; i++) at = put(bytes, at, values[i] >>> 0, values[i] < 0 ? 0xffff_ffff : 0);
  return bytes.subarray(0, at);
}

/** Integers of 64 bits as varints. */
export function packVarints64(values: BigInt64Array | BigUint64Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  const bytes = new Uint8Array(values.length * longest);
  let at = 0;
  for (let i = 0; i < words.length; i += 2) at = put(bytes, at, words[i], words[i + 1]);
  return bytes.subarray(0, at);
}

function put(bytes: Uint8Array, at: number, low: number, high: number): number {
  while (high > 0 || low > 0x7f) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  return at;
}
