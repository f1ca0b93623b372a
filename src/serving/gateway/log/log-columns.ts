import type { Values } from "../tensors/tensor.ts";

/** A column ready for Parquet; missing values are NaN, -1 in `codes`, null among `strings`. */
export type LogColumn =
  | { readonly name: string; readonly type: "DOUBLE" | "INT64" | "TIMESTAMP"; readonly numbers: Float64Array }
  | StringColumn
  | ConstantColumn;

interface StringColumn {
  readonly name: string;
  readonly type: "STRING";
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
}

interface ConstantColumn {
  readonly name: string;
  readonly type: "STRING" | "BOOLEAN" | "DOUBLE";
  readonly constant: string | boolean | number;
}

const firstCapacity = 64;

/** Numbers that grow in one array. */
export class NumberBuffer {
  #values = new Float64Array(firstCapacity);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Float64Array(this.#length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  /** Every `step`-th element from `offset` on: one column of a matrix of `step` columns. */
  pushAll(values: Values, offset: number, step: number): void {
    for (let i = offset; i < values.length; i += step) this.push(Number(values[i]));
  }

  pushMissing(count: number): void {
    for (let i = 0; i < count; i++) this.push(NaN);
  }

  column(name: string, type: "DOUBLE" | "INT64" | "TIMESTAMP"): LogColumn {
    return { name, type, numbers: this.#values.slice(0, this.#length) };
  }
}

/** Bytes that are no text are logged as base64. */
const textOf = (value: Values[number]): string => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : String(value));

/** Strings that grow, each kept once. "" is a missing value. */
export class StringBuffer {
  readonly #codes = new NumberBuffer();
  readonly #dictionary = new Map<string, number>();

  push(value: string): void {
    if (value === "") {
      this.#codes.push(-1);
      return;
    }
    let code = this.#dictionary.get(value);
    if (code === undefined) this.#dictionary.set(value, (code = this.#dictionary.size));
    this.#codes.push(code);
  }

  pushAll(values: Values, offset: number, step: number): void {
    for (let i = offset; i < values.length; i += step) this.push(textOf(values[i]));
  }

  pushMissing(count: number): void {
    for (let i = 0; i < count; i++) this.#codes.push(-1);
  }

  column(name: string): LogColumn {
    const codes = this.#codes.column(name, "INT64") as { numbers: Float64Array };
    return { name, type: "STRING", codes: Int32Array.from(codes.numbers), dictionary: [...this.#dictionary.keys()] };
  }
}
