// The hybrid of runs and packed bits that levels and codes are written in: parquet.apache.org, Data Pages, Encodings, RLE.

/** Definition levels of `rows` rows (1: there, 0: missing); undefined where all are there. */
export function unpackLevels(bytes: Uint8Array, rows: number): Int32Array | undefined {
  const levels = unpack(bytes, 1, rows);
  return levels.includes(0) ? levels : undefined;
}

/** Codes behind the number of bits of each. */
export const unpackCodes = (bytes: Uint8Array, count: number): Int32Array => unpack(bytes.subarray(1), bytes[0], count);

function unpack(bytes: Uint8Array, width: number, count: number): Int32Array {
  const codes = new Int32Array(count);
  const mask = 2 ** width - 1;
  let at = 0;
  for (let filled = 0; filled < count; ) {
    if (at >= bytes.length) throw new RangeError("fewer codes than rows");
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      head |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if ((head & 1) === 0) {
      let value = 0;
      for (let byte = 0; byte < Math.ceil(width / 8); byte++) value |= bytes[at++] << (8 * byte);
      const until = Math.min(count, filled + (head >>> 1));
      codes.fill(value, filled, until);
      filled = until;
      continue;
    }
    const until = Math.min(count, filled + (head >>> 1) * 8);
    const end = at + (head >>> 1) * width;
    let held = 0;
    let bits = 0;
    for (; filled < until; filled++) {
      for (; bits < width; bits += 8) held |= bytes[at++] << bits;
      codes[filled] = held & mask;
      held >>>= width;
      bits -= width;
    }
    at = end;
  }
  return codes;
}
