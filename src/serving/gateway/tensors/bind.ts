import { closest } from "fastest-levenshtein";
import { invalid } from "../../../errors.ts";
import type { Model, TensorSpec } from "../runtimes/runtime.ts";
import { fedTo } from "./cell-reader.ts";
import { convertValues, readCells } from "./convert.ts";
import { asEncoded } from "./encoded.ts";
import { asTensor, isCells } from "./input.ts";
import type { Input } from "./input.ts";
import { asMatrix, columnsSent } from "./matrix-columns.ts";
import type { Tensor } from "./tensor.ts";

/** What becomes of inputs that a model does not know. */
export type UnknownInputs = "refuse" | "ignore";

export interface BoundInputs {
  /** Rows of a model that works row by row, which may be none; 1 for another. */
  readonly rows: number;
  /** In the order of the model's inputs, of the datatypes and ranks the model wants; optional ones may be absent. */
  readonly inputs: readonly Tensor[];
  /** Names of inputs that were left out, as no variant knows them; absent where there are none. */
  readonly ignored?: readonly string[];
  /** The elements of inputs that are categories which the model does not know, and so takes for missing; absent where there are none. */
  readonly unseen?: UnseenElements;
}

/** By input. */
export type UnseenElements = ReadonlyMap<string, readonly number[]>;

/**
 * Fits the inputs of a request to those of a model: their cells become values by the model's readings, a column of width 1 may come as [N] or [N, 1].
 * `known` are the names that are no mistake although this model does not use them, its own (`namesOf`) among them. Others are left out where a model takes a table's columns, and
 * refused by other models, unless `unknown` says what becomes of them. `eventTime` (milliseconds since 1970; now when absent) stands for a column that
 * says when a row happened and was left out. Rows may come by the names of the columns of a model's only matrix, which are put side by side.
 */
export function bindInputs(sent: readonly Input[], model: Pick<Model, "inputs" | "rowwise" | "anyInputs" | "namedColumns">, known: ReadonlySet<string>, unknown?: UnknownInputs, eventTime?: number): BoundInputs {
  const { inputs: specs, rowwise } = model;
  if (model.anyInputs && specs.length === 0) {
    const inputs = sent.map(asTensor);
    return { rows: rowsOf(inputs, rowwise), inputs };
  }
  const byName = new Map(sent.map((input) => [input.name, input]));
  const columns = columnsSent(specs, (name) => byName.has(name));
  if (!columns) {
    const column = specs[0]?.columns?.find(({ name }) => name !== specs[0].name && byName.has(name));
    if (column) throw invalid("serving.input_unknown", `The rows came twice, as the matrix "${specs[0].name}" and by the name of its column "${column.name}"; send the one or the other.`);
    return bindTo(sent, byName, specs, model, known, unknown, eventTime);
  }
  const bound = bindTo(sent, byName, columns, { namedColumns: true, rowwise: true, matrix: specs[0] }, known, unknown, eventTime);
  return { ...bound, rows: rowwise ? bound.rows : 1, inputs: [asMatrix(specs[0], bound.inputs, bound.rows)] };
}

/** What is asked of a model beside its inputs; `matrix`: the inputs are columns of this one, which might have been sent instead. */
interface Taker extends Pick<Model, "anyInputs" | "namedColumns" | "rowwise"> {
  readonly matrix?: TensorSpec;
}

function bindTo(sent: readonly Input[], byName: ReadonlyMap<string, Input>, specs: readonly TensorSpec[], model: Taker, known: ReadonlySet<string>, unknown: UnknownInputs | undefined, eventTime: number | undefined): BoundInputs {
  let ignored: string[] | undefined;
  for (const { name } of sent) {
    if (known.has(name) || model.anyInputs) continue;
    if (!ignoresUnknown(model, unknown)) throw unknownInput(name, specs);
    (ignored ??= []).push(name);
  }
  const missing = specs.filter((spec) => !spec.optional && !byName.has(spec.name)).map(({ name }) => `"${name}"`);
  if (missing.length > 0) {
    throw invalid(
      "serving.input_missing",
      `${missing.length === 1 ? "The input" : "The inputs"} ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing; ` +
        `send a tensor for each (null for an unknown value)${model.matrix ? `, or all columns in their order as "${model.matrix.name}"` : ""}.${ignored ? ` The model does not know ${ignored.map((name) => `"${name}"`).join(", ")}, which came.` : ""}`,
    );
  }
  const inputs: Tensor[] = [];
  let unseen: Map<string, readonly number[]> | undefined;
  for (const spec of specs) {
    const input = byName.get(spec.name);
    if (!input) continue;
    // Of lists, what is amiss in them is said before what is amiss in their shape.
    const cells = isCells(input) ? readCells(input, spec) : undefined;
    const shape = shapeFor(input, spec, model.rowwise);
    const read = cells ?? convertValues(input as Tensor, spec);
    if (read.unseen) (unseen ??= new Map()).set(spec.name, read.unseen);
    const datatype = fedTo(spec);
    const data = spec.encoders ? asEncoded(read.data, spec, shape) : read.data;
    const same = !isCells(input) && shape === input.shape && data === input.data && input.datatype === datatype;
    inputs.push(same ? input : { name: spec.name, datatype, shape, data });
  }
  const rows = rowsOf(inputs, model.rowwise);
  if (inputs.length < specs.length && specs.some((spec) => spec.eventTime !== undefined)) inputs.splice(0, inputs.length, ...withEventTime(inputs, specs, rows, eventTime ?? Date.now()));
  return { rows, inputs, ...(ignored && { ignored }), ...(unseen && { unseen }) };
}

/** The inputs with the time of the request in the place of columns that were left out and mean it. */
function withEventTime(inputs: readonly Tensor[], specs: readonly TensorSpec[], rows: number, time: number): Tensor[] {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  return specs.flatMap((spec): Tensor[] => {
    const input = byName.get(spec.name);
    if (input || spec.eventTime === undefined) return input ? [input] : [];
    const instant = spec.eventTime === "DATE" ? Math.floor(time / dayMs) * dayMs : time;
    return [{ name: spec.name, datatype: fedTo(spec), shape: [rows, ...spec.shape.slice(1)], data: new Float64Array(rows).fill(instant), filled: true }];
  });
}

const dayMs = 86_400_000;

/** Whether a model leaves out what it does not know. */
export const ignoresUnknown = (model: Pick<Model, "namedColumns" | "anyInputs">, unknown: UnknownInputs | undefined): boolean => (unknown ?? (model.namedColumns ? "ignore" : "refuse")) === "ignore";

function rowsOf(inputs: readonly Tensor[], rowwise: boolean): number {
  if (!rowwise || inputs.length === 0) return 1;
  const [first] = inputs;
  const rows = first.shape[0] ?? 1;
  const other = inputs.find(({ shape }) => shape[0] !== rows);
  if (other) {
    throw invalid(
      "serving.bad_shape",
      `inputs "${other.name}" has ${other.shape[0]} rows, but "${first.name}" has ${rows}; all inputs need as many.`,
    );
  }
  return rows;
}

function unknownInput(name: string, specs: readonly TensorSpec[]): Error {
  const names = specs.map((spec) => spec.name);
  const guess = names.length > 0 ? `; did you mean "${closest(name, names)}"?` : ".";
  return invalid(
    "serving.input_unknown",
    `The model has no input "${name}"${guess} Its inputs are ${names.map((n) => `"${n}"`).join(", ")}.`,
  );
}

function shapeFor({ name, shape: sent }: Input, spec: TensorSpec, rowwise: boolean): readonly number[] {
  const shape = spec.anyRank ? sent : (fitShape(sent, spec.shape) ?? (rowwise ? undefined : single(sent, spec.shape)));
  if (shape) return shape;
  // Lists of no rows cannot say more.
  if (rowwise && sent.length === 1 && sent[0] === 0) return [0, ...spec.shape.slice(1).map((size) => Math.max(0, size))];
  const dimensions = spec.shape.map((size, axis) => (size >= 0 ? String(size) : rowwise && axis === 0 ? "N" : "any"));
  const right = rowwise && spec.shape.length === 2 && spec.shape[1] === 1 ? "[N] or [N, 1]" : `[${dimensions.join(", ")}]`;
  throw invalid("serving.bad_shape", `inputs "${name}" has the shape ${JSON.stringify(sent)}; it must be ${right}${rowwise ? ", N rows" : ""}.`);
}

/** The shape as the model wants it; undefined when it does not fit. A last dimension of 1 may be there or not. */
function fitShape(shape: readonly number[], wanted: readonly number[]): readonly number[] | undefined {
  if (matches(shape, wanted)) return shape;
  if (wanted.at(-1) === 1 && matches(shape, wanted.slice(0, -1))) return [...shape, 1];
  if (shape.at(-1) === 1 && matches(shape.slice(0, -1), wanted)) return shape.slice(0, -1);
  return undefined;
}

/** One value for a model that does not work row by row, and takes one, too: `{"city": "Oslo"}` for [N]. */
const single = (shape: readonly number[], wanted: readonly number[]): readonly number[] | undefined =>
  shape.length === 0 && wanted.every((size) => size === 1 || size === -1) ? wanted.map(() => 1) : undefined;

const matches = (shape: readonly number[], wanted: readonly number[]): boolean =>
  shape.length === wanted.length && wanted.every((size, axis) => size === -1 || size === shape[axis]);
