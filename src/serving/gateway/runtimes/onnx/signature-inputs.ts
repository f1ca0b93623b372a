import { KnownCategories } from "../../../../values/known-categories.ts";
import type { CategoryReading, NumberReading, Reading, TimeReading } from "../../../../values/reading.ts";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import type { TensorSpec } from "../runtime.ts";
import type { LoggedColumn } from "./mlmodel-signature.ts";

/** The key under which our trainers write what a model was trained on. */
export const signatureKey = "millrace.signature";

/**
 * The inputs of a graph with the readings and known categories that its signature gives them; `named`: the signature names columns. The columns of a graph's only
 * matrix are named by the signature in its metadata, else by the one that MLflow logged beside it. A feature whose type is not that of its input, and what is no
 * signature at all, changes nothing, as anybody may write metadata; `problem` says why logged columns are not those of the matrix.
 */
export function withSignature(specs: readonly TensorSpec[], metadata: ReadonlyMap<string, string>, logged?: readonly LoggedColumn[]): SignedInputs {
  const features = featuresOf(metadata.get(signatureKey));
  const byName = new Map<unknown, JsonObject>(features.map((feature) => [feature["name"], feature]));
  let named = false;
  const inputs = specs.map((spec) => {
    const feature = byName.get(spec.name);
    const read = feature && withReading(spec, feature);
    if (read) named = true;
    // What the signature says of categories goes before what the graph shows of them.
    return read ? { ...read, encoders: undefined } : spec;
  });
  if (named) return { inputs, named };
  const own = ownColumns(specs, features);
  if (own) return { inputs: own, named: true };
  return logged ? withLogged(specs, logged) : { inputs, named };
}

interface SignedInputs {
  readonly inputs: readonly TensorSpec[];
  readonly named: boolean;
  readonly problem?: string;
}

/** The matrix with the columns that the graph's own signature names. */
function ownColumns(specs: readonly TensorSpec[], features: readonly JsonObject[]): readonly TensorSpec[] | undefined {
  const [matrix] = specs;
  if (specs.length !== 1 || !isMatrix(matrix, features.length)) return undefined;
  const columns = features.map((feature) => (typeof feature["name"] === "string" ? withReading(columnOf(matrix, feature["name"]), feature) : undefined));
  // Points in time come as texts and are fed as numbers, which a matrix is as a whole or not at all.
  const fitting = columns.filter((column) => column !== undefined).filter(({ fed }) => fed === undefined);
  return fitting.length === features.length && distinct(fitting) ? [withColumns(matrix, fitting)] : undefined;
}

const distinct = (columns: readonly TensorSpec[]): boolean => new Set(columns.map(({ name }) => name)).size === columns.length;

/** The inputs with the columns of MLflow's signature: an input for each, or a matrix of all of them. */
function withLogged(specs: readonly TensorSpec[], logged: readonly LoggedColumn[]): SignedInputs {
  const names = new Set(logged.map(({ name }) => name));
  const [matrix] = specs;
  const asColumns = specs.every(({ name }) => names.has(name)) && !(specs.length === 1 && names.size > 1 && isMatrix(matrix, names.size));
  if (asColumns) return { inputs: specs, named: true };
  const problem = (why: string): SignedInputs => ({ inputs: specs, named: false, problem: why });
  if (specs.length !== 1) return problem(`MLmodel names the columns ${listed(logged)}, and the graph has the inputs ${specs.map(({ name }) => `"${name}"`).join(", ")}`);
  if (!isMatrix(matrix, logged.length)) {
    return problem(`MLmodel names ${logged.length} columns, and the only input of the graph, "${matrix.name}", has the shape [${matrix.shape.join(", ")}]: rows are taken by the order of their values alone`);
  }
  const strange = matrix.datatype === "BYTES" ? undefined : logged.find(({ type }) => !numeric.has(type));
  if (strange) return problem(`MLmodel says that the column "${strange.name}" is of ${strange.type}, and "${matrix.name}" of the graph takes ${matrix.datatype}: rows are taken by the order of their values alone`);
  return { inputs: [withColumns(matrix, logged.map(({ name, type }) => columnOf(matrix, name, type)))], named: true };
}

const numeric = new Set(["double", "float", "long", "integer", "boolean"]);

const listed = (columns: readonly LoggedColumn[]): string => columns.map(({ name }) => `"${name}"`).join(", ");

/** Whether an input may be a matrix of so many columns; of unknown rank, it may. */
function isMatrix({ shape, anyRank, datatype }: TensorSpec, columns: number): boolean {
  if (columns === 0 || datatype === "BF16") return false;
  if (anyRank) return true;
  return shape.length === 1 ? columns === 1 : shape.length === 2 && (shape[1] === -1 || shape[1] === columns);
}

/** One column of a matrix. Truth values are 1 and 0 in a matrix of numbers. */
const columnOf = (matrix: TensorSpec, name: string, type?: string): TensorSpec => ({ name, datatype: type === "boolean" && matrix.datatype !== "BYTES" ? "BOOL" : matrix.datatype, shape: [-1, 1] });

function withColumns({ anyRank, ...matrix }: TensorSpec, columns: readonly TensorSpec[]): TensorSpec {
  const encoded = columns.map((column, at): TensorSpec => {
    const encoder = column.reading ? undefined : matrix.encoders?.get(at);
    return encoder ? { ...column, encoders: new Map([[0, encoder]]) } : column;
  });
  return { ...matrix, shape: anyRank ? [-1, columns.length] : matrix.shape, columns: encoded };
}

function featuresOf(text: string | undefined): readonly JsonObject[] {
  if (text === undefined) return [];
  try {
    const signature: unknown = JSON.parse(text);
    const features = isObject(signature) ? signature["features"] : undefined;
    return Array.isArray(features) ? features.filter(isObject) : [];
  } catch {
    return []; // somebody else's idea of a signature
  }
}

function withReading(spec: TensorSpec, { type, reading, categories, eventTime }: JsonObject): TensorSpec | undefined {
  const numeric = spec.datatype !== "BYTES" && spec.datatype !== "BOOL" && spec.datatype !== "BF16";
  if (type === "number" && numeric) return { ...spec, reading: readingOf(reading, "number") };
  if (type === "timestamp" && spec.datatype === "FP64") {
    const own = eventTime === "DATE" || eventTime === "TIMESTAMP" ? ({ optional: true, eventTime } as const) : {};
    return { ...spec, datatype: "BYTES", fed: "FP64", reading: readingOf(reading, "timestamp"), ...own };
  }
  if (type !== "category" || spec.datatype !== "BYTES") return undefined;
  const known = Array.isArray(categories) && categories.every((one) => typeof one === "string") ? new KnownCategories(categories) : undefined;
  return { ...spec, reading: readingOf(reading, "category"), ...(known && { known }) };
}

/** A reading of that type; the usual one where the signature has none, as those of before had none. */
function readingOf(value: unknown, type: Reading["type"]): Reading {
  const given: JsonObject = isObject(value) && value["type"] === type ? value : {};
  const { missing } = given;
  const common = areTexts(missing) && { missing };
  if (type === "category") return { type, ...common, ...(given["boolean"] === true && { boolean: true }) } satisfies CategoryReading;
  if (type === "timestamp") return { type, ...common, ...oneOf(given, "order", orders), ...oneOf(given, "unit", units) } satisfies TimeReading;
  const { affixes } = given;
  return {
    type,
    ...common,
    ...oneOf(given, "decimal", [","] as const),
    ...oneOf(given, "thousands", [",", ".", " ", "'"] as const),
    ...(areTexts(affixes) && { affixes }),
    ...flag(given, "parentheses"),
    ...flag(given, "bounds"),
    ...flag(given, "clock"),
  } satisfies NumberReading;
}

const orders = ["dmy", "mdy"] as const;
const units = ["s", "ms", "us", "ns", "excel", "yyyymmdd", "yyyymm", "year"] as const;

const areTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((one) => typeof one === "string");

function oneOf<K extends string, T extends string>(given: JsonObject, key: K, values: readonly T[]): { readonly [key in K]?: T } {
  const value = values.find((one) => one === given[key]);
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: T });
}

const flag = <K extends string>(given: JsonObject, key: K): { readonly [key in K]?: true } => (given[key] === true ? ({ [key]: true } as { readonly [key in K]: true }) : {});
