import { invalid } from "../../../errors.ts";
import type { ColumnEncoder, TensorSpec } from "../runtimes/runtime.ts";
import { shown } from "./shown.ts";
import type { Values } from "./tensor.ts";

const mostNamed = 12;

/**
 * The elements of an input as the encoders right behind it take them: an empty text, which is a missing one, is the category that stands for it; one that an encoder
 * would fail on is refused with `serving.unknown_category`, which names the input, so that no other request of its batch fails. Changes nothing in `values`.
 */
export function asEncoded(values: Values, { name, encoders }: TensorSpec, shape: readonly number[]): Values {
  if (!encoders) return values;
  const width = shape.length > 1 ? shape[shape.length - 1] : 1;
  let encoded = values;
  for (const [column, encoder] of encoders) {
    if (column < width) encoded = columnOf(encoded, encoder, column, width, width > 1 ? `column ${column} of "${name}"` : `"${name}"`, values);
  }
  return encoded;
}

function columnOf(values: Values, encoder: ColumnEncoder, column: number, width: number, where: string, sent: Values): Values {
  const { known, strict, missing } = encoder;
  let encoded = values;
  for (let at = column; at < values.length; at += width) {
    const value = values[at];
    if (missing !== undefined && value === "" && Array.isArray(encoded)) {
      if (encoded === sent) encoded = [...encoded];
      encoded[at] = missing;
    } else if (strict && !isKnown(value, known)) throw unknown(value, encoder, where, Math.floor(at / width));
  }
  return encoded;
}

/** ONNX Runtime cuts a number to an integer before it looks for it. */
const isKnown = (value: Values[number], known: ReadonlySet<string | number>): boolean =>
  typeof value === "string" ? known.has(value) : !(value instanceof Uint8Array) && known.has(Math.trunc(Number(value)));

function unknown(value: Values[number], { known }: ColumnEncoder, where: string, row: number): Error {
  const names = [...known].slice(0, mostNamed).map((one) => (typeof one === "string" ? JSON.stringify(one) : String(one)));
  const more = known.size > mostNamed ? ` and ${known.size - mostNamed} more` : "";
  return invalid("serving.unknown_category", `${where} is ${value === "" || Number.isNaN(value) ? "missing" : shown(value)} in row ${row}; the model's encoder knows ${names.join(", ")}${more}, and refuses others.`);
}
