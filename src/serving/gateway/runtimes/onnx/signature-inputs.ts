import { KnownCategories } from "../../../../values/known-categories.ts";
import type { CategoryReading, NumberReading, Reading, TimeReading } from "../../../../values/reading.ts";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import type { TensorSpec } from "../runtime.ts";

/** The key under which our trainers write what a model was trained on. */
const signatureKey = "millrace.signature";

/**
 * The inputs of a graph with the readings and known categories that its signature gives them; `named`: the signature names columns. A feature whose type
 * is not that of its input, and what is no signature at all, changes nothing: anybody may write metadata.
 */
export function withSignature(specs: readonly TensorSpec[], metadata: ReadonlyMap<string, string>): { readonly inputs: readonly TensorSpec[]; readonly named: boolean } {
  const features = new Map<unknown, JsonObject>();
  for (const feature of featuresOf(metadata.get(signatureKey))) features.set(feature["name"], feature);
  let named = false;
  const inputs = specs.map((spec) => {
    const feature = features.get(spec.name);
    const read = feature && withReading(spec, feature);
    if (read) named = true;
    return read ?? spec;
  });
  return { inputs, named };
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
