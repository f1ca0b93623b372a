import { randomUUID } from "node:crypto";
import { MillraceError } from "../../../../errors.ts";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { bodyText } from "../../tensors/body-text.ts";
import { cellReader } from "../../tensors/cell-reader.ts";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

type Times = ReadonlyMap<string, TensorSpec>;

/**
 * A scoring request for a model with a scoring form of its own, its points in time read as every other protocol reads them and written in one form, so that
 * the model's Python has nothing to guess. What is no point in time fails with `serving.bad_value`; a body that is no JSON of columns stays as it is.
 */
export function withPlainTimes(contentType: string, body: Buffer, { inputs }: Model): Buffer {
  const times: Times = new Map(inputs.filter(({ reading }) => reading?.type === "timestamp").map((spec) => [spec.name, spec]));
  if (times.size === 0) return body;
  return contentType.split(";", 1)[0].trim().toLowerCase() === "application/json" ? Buffer.from(plainJson(bodyText(body), times)) : body;
}

/** The values of a column in one form; null for a missing one. */
function plainColumn(values: readonly unknown[], spec: TensorSpec): (string | null)[] {
  const reader = cellReader(spec, values.length, `"${spec.name}"`);
  for (const [at, value] of values.entries()) reader.put(cellOf(value), at);
  return (reader.values as string[]).map((text) => (text === "" ? null : text));
}

/** TypeScript does not know them yet: https://github.com/tc39/proposal-json-parse-with-source */
const { rawJSON, isRawJSON } = JSON as typeof JSON & { readonly rawJSON: (text: string) => unknown; readonly isRawJSON: (value: unknown) => value is { readonly rawJSON: string } };
type Reviver = (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown;

/** Numbers keep their digits: to Python 3.0 is no 3. */
const keepDigits: Reviver = (_, value, { source }) => (typeof value === "number" && source !== undefined ? rawJSON(source) : value);
/** A string, or a token of Python's that JSON lacks. */
const looseTokens = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;
/** Stands before such a token where it is kept as a string; no client can know it. */
const mark = `millrace:${randomUUID()}:`;
const marked = new RegExp(`"${mark}(-?Infinity|NaN)"`, "g");

/** Whether a value is an object of the request: a number that kept its digits is none. */
const isRecord = (value: unknown): value is JsonObject => isObject(value) && !isRawJSON(value);

/** What a value of the request is to the reader of a column. */
function cellOf(value: unknown): unknown {
  if (isRawJSON(value)) return Number(value.rawJSON);
  return value === `${mark}NaN` ? null : value;
}

function plainJson(text: string, times: Times): string {
  const standard = /NaN|Infinity/.test(text) ? text.replace(looseTokens, (token) => (token.startsWith('"') ? token : `"${mark}${token}"`)) : text;
  let request: unknown;
  try {
    request = JSON.parse(standard, keepDigits as Parameters<typeof JSON.parse>[1]);
    if (!isRecord(request)) return text;
    return JSON.stringify(rewritten(request, times)).replace(marked, "$1");
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    return text; // what is amiss, the model's own server says
  }
}

function rewritten(request: JsonObject, times: Times): JsonObject {
  const { dataframe_split: split, dataframe_records: records, instances, inputs } = request;
  if (isRecord(split)) return { ...request, dataframe_split: ofSplit(split, times) };
  if (areRecords(records)) return { ...request, dataframe_records: ofRecords(records, times) };
  if (areRecords(instances)) return { ...request, instances: ofRecords(instances, times) };
  if (areRecords(inputs)) return { ...request, inputs: ofRecords(inputs, times) };
  return isRecord(inputs) ? { ...request, inputs: Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, times.has(name) ? ofColumn(value, times.get(name)!) : value])) } : request;
}

const areRecords = (value: unknown): value is readonly JsonObject[] => Array.isArray(value) && value.length > 0 && value.every(isRecord);

function ofRecords(rows: readonly JsonObject[], times: Times): JsonObject[] {
  const written: Record<string, unknown>[] = rows.map((row) => ({ ...row }));
  for (const [name, spec] of times) {
    const having = written.filter((row) => Object.hasOwn(row, name));
    for (const [at, value] of plainColumn(having.map((row) => row[name]), spec).entries()) having[at][name] = value;
  }
  return written;
}

function ofSplit(split: JsonObject, times: Times): JsonObject {
  const { columns, data } = split;
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every((row) => Array.isArray(row) && row.length === columns.length)) return split;
  const rows = (data as unknown[][]).map((row) => [...row]);
  for (const [at, name] of columns.entries()) {
    const spec = typeof name === "string" ? times.get(name) : undefined;
    if (spec) for (const [row, value] of plainColumn(rows.map((one) => one[at]), spec).entries()) rows[row][at] = value;
  }
  return { ...split, data: rows };
}

/** A list of values, of lists of one, or a value alone. */
function ofColumn(value: unknown, spec: TensorSpec): unknown {
  if (!Array.isArray(value)) return plainColumn([value], spec)[0];
  const nested = value.length > 0 && value.every((inner) => Array.isArray(inner) && inner.length === 1);
  const plain = plainColumn(nested ? value.flat() : value, spec);
  return nested ? plain.map((one) => [one]) : plain;
}
