import { MillraceError } from "../../errors.ts";
import type { Model } from "../gateway/runtimes/runtime.ts";
import { jsonNested, shortText } from "../gateway/tensors/json-text.ts";
import { datatypes, sliceValues, type Datatype, type Tensor } from "../gateway/tensors/tensor.ts";
import type { ScoredBlock } from "./score-block.ts";

/** What a column of the answers holds. */
export type AnswerType = "FLOAT" | "DOUBLE" | "INT64" | "TIMESTAMP" | "STRING" | "BOOLEAN";

export interface AnswerField {
  readonly name: string;
  readonly type: AnswerType;
}

/** A column of a block of answers: numbers (NaN: missing; TIMESTAMP in ms since 1970, BOOLEAN 1 and 0), or texts (null: missing). */
export type AnswerColumn = AnswerField & { readonly values: Float64Array | readonly (string | null)[] };

/** Where a column of the answers comes from: a place in the rows of an output. */
export interface AnswerSource extends AnswerField {
  readonly output: number;
  /** Of the elements of a row; null: all of them, as JSON. */
  readonly element: number | null;
}

/** More elements of a row than this are one column of JSON. */
const mostColumns = 1000;

/**
 * The columns of a model's answers: `prediction` where it gives one value a row; `prediction` and `probability_<class>` where it gives a class and the
 * probability of each; else the names of its outputs, with `_<class>` or `_<place>` for each of several values.
 */
export function answerSources({ classes }: Pick<Model, "classes">, outputs: readonly Tensor[]): AnswerSource[] {
  const widths = outputs.map(({ data, shape }) => (shape.length === 0 ? data.length : shape[0] === 0 ? 0 : data.length / shape[0]));
  const [label, probabilities] = [widths.indexOf(1), widths.findIndex((width) => width === classes?.length && width > 1)];
  const classifies = outputs.length === 2 && label >= 0 && probabilities >= 0;
  return outputs.flatMap((output, at): AnswerSource[] => {
    const name = outputs.length === 1 || (classifies && at === label) ? "prediction" : classifies ? "probability" : output.name;
    const { datatype } = output;
    if (widths[at] === 1) return [{ name, type: typeOf(datatype), output: at, element: 0 }];
    if (output.shape.length > 2 || widths[at] > mostColumns) return [{ name, type: "STRING", output: at, element: null }];
    const labels = classes?.length === widths[at] ? classes : undefined;
    return Array.from({ length: widths[at] }, (_, element) => ({ name: `${name}_${labels?.[element] ?? element}`, type: typeOf(datatype), output: at, element }));
  });
}

function typeOf(datatype: Datatype): AnswerType {
  if (datatype === "BYTES") return "STRING";
  if (datatype === "BOOL") return "BOOLEAN";
  if (datatypes.get(datatype)!.integer) return "INT64";
  return datatype === "FP64" ? "DOUBLE" : "FLOAT";
}

/** The answers to a block, column by column; those to refused rows are missing. */
export function answerColumns(sources: readonly AnswerSource[], { rows, answered }: ScoredBlock): AnswerColumn[] {
  return sources.map(({ name, type, output, element }): AnswerColumn => {
    const texts: (string | null)[] | undefined = type === "STRING" ? Array.from({ length: rows }, () => null) : undefined;
    const numbers = texts ? undefined : new Float64Array(rows).fill(answered.length === 1 && answered[0].rows === rows ? 0 : NaN);
    for (const part of answered) {
      const tensor = part.outputs[output];
      const width = tensor.data.length / part.rows;
      for (let row = 0; row < part.rows; row++) {
        if (texts) texts[part.from + row] = element === null ? jsonOf(tensor, row, width) : textOf(tensor, row * width + element);
        else numbers![part.from + row] = numberOf(tensor, row * width + element!);
      }
    }
    return { name, type, values: texts ?? numbers! };
  });
}

function numberOf({ data, datatype, name }: Tensor, at: number): number {
  const value = data[at] as number | bigint;
  if (typeof value === "number") return datatype === "BF16" ? Number(shortText(value, "BF16")) : value;
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new MillraceError("serving.answer_too_large", 500, `The model's output ${name} has the integer ${value}, which is beyond 2^53 and would not be written as it is`);
  return number;
}

function textOf({ data }: Tensor, at: number): string {
  const element = data[at] as string | Uint8Array;
  return typeof element === "string" ? element : Buffer.from(element).toString("base64");
}

const jsonOf = (tensor: Tensor, row: number, width: number): string => jsonNested({ ...tensor, shape: tensor.shape.slice(1), data: sliceValues(tensor.data, row * width, (row + 1) * width) });
