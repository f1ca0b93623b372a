import type { Datatype, Tensor, Values } from "./tensor.ts";

export interface NumberStyle {
  /** What stands for NaN and the infinities, which JSON lacks. */
  readonly nonFinite: (value: number) => string;
  /** Write floats with a decimal point, 3.0 rather than 3. */
  readonly point: boolean;
}

/**
 * JSON as its grammar has it (RFC 8259): a missing number is null, and an infinity a number beyond all doubles, which the readers of JavaScript and
 * Python take for what it is.
 */
export const plainJson: NumberStyle = { nonFinite: (value) => (Number.isNaN(value) ? "null" : value > 0 ? "1e999" : "-1e999"), point: false };

/** As Python's json and TensorFlow Serving write: 3.0, NaN, Infinity (tensorflow_serving/util/json_tensor.cc, WriteDecimal). */
export const looseJson: NumberStyle = { nonFinite: String, point: true };

/**
 * For protocols whose servers differ: null for NaN, which all their clients read as NaN, and the word for an infinity, as null would be another value:
 * a client that reads by the grammar alone refuses the answer rather than misreads it.
 */
const missingAsNull = (value: number): string => (Number.isNaN(value) ? "null" : String(value));
/** Of the Open Inference Protocol. */
export const inferJson: NumberStyle = { nonFinite: missingAsNull, point: false };
/** Of rows that clients of TensorFlow Serving and of KServe V1 may have asked for. */
export const sharedJson: NumberStyle = { nonFinite: missingAsNull, point: true };

/** The elements of a tensor as a flat JSON list. */
export const jsonList = (tensor: Pick<Tensor, "datatype" | "data">, style: NumberStyle = plainJson): string => {
  const { length } = tensor.data;
  return `[${elements(tensor.datatype, tensor.data, 0, length, style)}]`;
};

/** The elements of a tensor as JSON lists nested as its shape says; a scalar alone. */
export function jsonNested({ datatype, data, shape }: Tensor, style: NumberStyle = plainJson): string {
  const nest = (axis: number, start: number, length: number): string => {
    if (axis === shape.length) return elements(datatype, data, start, start + 1, style);
    if (axis === shape.length - 1) return `[${elements(datatype, data, start, start + length, style)}]`;
    const size = shape[axis];
    const step = size === 0 ? 0 : length / size;
    const parts: string[] = [];
    for (let i = 0; i < size; i++) parts.push(nest(axis + 1, start + i * step, step));
    return `[${parts.join(",")}]`;
  };
  return nest(0, 0, data.length);
}

function elements(datatype: Datatype, data: Values, start: number, end: number, style: NumberStyle): string {
  if (Array.isArray(data)) return data.slice(start, end).map((element) => JSON.stringify(textOf(element))).join(",");
  let text = "";
  const write = writerOf(datatype, data, style);
  for (let i = start; i < end; i++) text += i === start ? write(data[i] as never) : `,${write(data[i] as never)}`;
  return text;
}

/** Bytes that are no text have no form in JSON but base64. */
const textOf = (element: string | Uint8Array): string => (typeof element === "string" ? element : Buffer.from(element).toString("base64"));

function writerOf(datatype: Datatype, data: Values, style: NumberStyle): (value: never) => string {
  if (datatype === "BOOL" && data instanceof Uint8Array) return (value: number) => (value === 0 ? "false" : "true");
  if (datatype === "BF16") return (value: number) => float(bfloat16(value), bfloat16Text, style);
  if (data instanceof Float16Array) return (value: number) => float(value, float16Text, style);
  if (data instanceof Float32Array) return (value: number) => float(value, float32Text, style);
  if (data instanceof Float64Array) return (value: number) => float(value, doubleText, datatype === "FP64" ? style : { ...style, point: false });
  return String;
}

function float(value: number, text: (value: number) => string, { nonFinite, point }: NumberStyle): string {
  if (!Number.isFinite(value)) return nonFinite(value);
  const written = text(value);
  return point && Number.isInteger(value) && !/[.e]/.test(written) ? `${written}.0` : written;
}

/** With a point, −0 is a float to Python, too: its -0 is the integer 0. */
const doubleText = (value: number): string => (Object.is(value, -0) ? "-0.0" : String(value));

const scratch = new DataView(new ArrayBuffer(4));

/** The number that the upper half of a 32-bit float stands for. */
export function bfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** The shortest decimal that reads back as the same 32-bit float: 0.1, not 0.10000000149011612. */
export const float32Text = (value: number): string => shortest(value, 7, 9, Math.fround);
const float16Text = (value: number): string => shortest(value, 3, 5, Math.f16round);
const bfloat16Text = (value: number): string => shortest(value, 2, 4, (one) => {
  scratch.setFloat32(0, one);
  const bits = scratch.getUint32(0);
  return bfloat16(((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff);
});

/** The shortest decimal that reads back as the same float of 16 or 32 bits. */
export const shortText = (value: number, datatype: Datatype): string => (datatype === "FP16" ? float16Text : datatype === "BF16" ? bfloat16Text : float32Text)(value);

const powers = Float64Array.from({ length: 40 }, (_, index) => Number(`1e${index - 9}`));

/** Numbers of `fewest` digits are all different floats, of `most` digits tell all floats apart. */
function shortest(value: number, fewest: number, most: number, round: (value: number) => number): string {
  if (Number.isInteger(value) && Math.abs(value) < 2 ** 24) return doubleText(value);
  const magnitude = Math.abs(value);
  // Scaled to whole numbers and back without a text, for the sizes that are usual.
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const exponent = Math.floor(Math.log10(magnitude));
    for (let digits = fewest; digits < most; digits++) {
      const scale = powers[digits - 1 - exponent + 9];
      const shorter = Math.round(value * scale) / scale;
      if (round(shorter) === value) return String(shorter);
    }
  }
  for (let digits = fewest; digits < most; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (round(shorter) === value) return String(shorter);
  }
  return String(Number(value.toPrecision(most)));
}
