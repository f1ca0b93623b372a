/** A field of a protobuf message in the bytes at hand: where its content starts and ends, which may be beyond them. */
export interface WireField {
  readonly number: number;
  /** 0 varint, 1 eight bytes, 2 a length and so many bytes, 5 four bytes. */
  readonly kind: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The field that begins at `at` (protobuf.dev/programming-guides/encoding). Undefined where there are groups, which ONNX does not use, where its tag or length is
 * cut off, and where there is no protobuf at all.
 */
export function fieldAt(bytes: Uint8Array, at: number): WireField | undefined {
  const tag = varintAt(bytes, at);
  if (!tag) return undefined;
  const kind = tag.value % 8;
  const number = Math.floor(tag.value / 8);
  const start = tag.end;
  if (kind === 1) return { number, kind, start, end: start + 8 };
  if (kind === 5) return { number, kind, start, end: start + 4 };
  if (kind !== 0 && kind !== 2) return undefined;
  const said = varintAt(bytes, start);
  if (!said) return undefined;
  return kind === 0 ? { number, kind, start, end: said.end } : { number, kind, start: said.end, end: said.end + said.value };
}

/** A number of seven bits a byte, and where it ends; exact up to 2^53, as tags and lengths are. */
function varintAt(bytes: Uint8Array, from: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length && at < from + 10; at++, scale *= 128) {
    value += (bytes[at] & 127) * scale;
    if (bytes[at] < 128) return { value, end: at + 1 };
  }
  return undefined;
}
