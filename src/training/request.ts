import { invalid } from "../errors.ts";
import type { Column } from "../data/types.ts";
import { columnOf } from "./columns.ts";
import type { Reading } from "../values/reading.ts";
import { offsetOf } from "./scaling.ts";
import { expandColumns, modelColumns } from "./time-parts.ts";
import { mostCategories, type FeatureSpec, type ModelColumn, type Signature, type TrainingRequest } from "./types.ts";

/** A training request that was checked: the columns that the algorithm sees, in order, and the target as numbers. */
export interface PreparedRequest {
  readonly rows: number;
  readonly features: readonly Column[];
  /** Regression: the value; classification: the index of the class in `signature.classes`. */
  readonly target: Float64Array;
  /** Their mean is 1. */
  readonly weights: Float64Array | undefined;
  readonly signature: Signature;
}

/** Checks a request and encodes its target; throws `training.*` errors that say what would be right. */
export function prepareRequest(request: TrainingRequest): PreparedRequest {
  const { table, target, task } = request;
  if (table.rows === 0) throw invalid("training.no_rows", "There are no rows to train on.");
  const features = featureColumns(request);
  const { values, classes } = encodeTarget(columnOf(table, target), task);
  const readings = new Map(Object.entries(request.readings ?? {}));
  const all = features.map((column) => featureSpec(column, readings.get(column.name), request.eventTime));
  const columns = modelColumns(all, features).map((column) => withOffset(column, features));
  // A point in time that tells nothing which other features do not tell is none.
  const specs = all.filter(({ name, type }) => type !== "timestamp" || columns.some(({ from }) => from && (from.feature === name || ("since" in from && from.since === name))));
  const targetReading = readings.get(target);
  const targetOffset = task === "regression" ? offsetOf(values) : undefined;
  const signature: Signature = {
    task,
    features: specs,
    ...(columns.some(({ from, offset }) => from !== undefined || offset !== undefined) && { columns }),
    ...(targetOffset !== undefined && { targetOffset }),
    target,
    ...(targetReading && { targetReading }),
    ...(classes && { classes }),
  };
  return {
    rows: table.rows,
    features: expandColumns(columns, new Map(features.map((column) => [column.name, column]))),
    target: targetOffset === undefined ? values : values.map((value) => value - targetOffset),
    weights: relativeWeights(request),
    signature,
  };
}

function withOffset(column: ModelColumn, features: readonly Column[]): ModelColumn {
  const data = column.from ? undefined : features.find(({ name }) => name === column.name);
  const offset = data?.type === "number" ? offsetOf(data.values) : undefined;
  return offset === undefined ? column : { ...column, offset };
}

/** What a signature says of a feature column. */
export function featureSpec(column: Column, reading: Reading | undefined, eventTime: TrainingRequest["eventTime"]): FeatureSpec {
  const isTime = column.type === "number" && reading?.type === "timestamp";
  const spec: FeatureSpec = {
    name: column.name,
    type: isTime ? "timestamp" : column.type,
    ...(reading && { reading }),
    ...(isTime && eventTime?.feature === column.name && { eventTime: eventTime.precision }),
  };
  if (column.type === "number") return spec;
  const seen = new Uint8Array(column.dictionary.length);
  for (let row = 0; row < column.codes.length; row++) if (column.codes[row] >= 0) seen[column.codes[row]] = 1;
  const categories = column.dictionary.filter((category, code) => category !== "" && seen[code] === 1).toSorted();
  return categories.length > mostCategories ? spec : { ...spec, categories };
}

function featureColumns({ table, target, features }: TrainingRequest): Column[] {
  if (features.length === 0) throw invalid("training.no_features", "A model needs at least one feature.");
  if (features.includes(target)) {
    throw invalid(
      "training.target_is_feature",
      `The target "${target}" is also listed as a feature; remove it from the features.`,
    );
  }
  const twice = features.find((name, i) => features.indexOf(name) !== i);
  if (twice !== undefined) throw invalid("training.duplicate_feature", `The feature "${twice}" is listed twice.`);
  return features.map((name) => columnOf(table, name));
}

/** The target as numbers: values, or positions in the sorted classes. Throws `training.target_missing` and what is wrong with the classes for that task. */
export function encodeTarget(column: Column, task: TrainingRequest["task"]): { values: Float64Array; classes?: string[] } {
  const raw =
    column.type === "number" ? column.values : Float64Array.from(column.codes, (code) => (code < 0 ? NaN : code));
  const missing = raw.findIndex((value) => !Number.isFinite(value));
  if (missing >= 0) {
    throw invalid(
      "training.target_missing",
      `The target "${column.name}" has no finite value in row ${missing + 1}; drop such rows first.`,
    );
  }
  if (task === "regression") {
    if (column.type === "number") return { values: raw };
    throw invalid(
      "training.target_not_number",
      `Regression needs a target of numbers, but "${column.name}" holds categories.`,
    );
  }
  const present = [...new Set(raw)].sort((a, b) => a - b);
  const labels = present.map((value) => (column.type === "number" ? String(value) : column.dictionary[value]));
  const classes = column.type === "number" ? labels : labels.toSorted();
  checkClasses(column.name, classes, task);
  const indexOf = new Map(present.map((value, i) => [value, classes.indexOf(labels[i])]));
  return { values: raw.map((value) => indexOf.get(value)!), classes };
}

function checkClasses(target: string, classes: readonly string[], task: TrainingRequest["task"]): void {
  if (classes.length < 2) {
    throw invalid(
      "training.one_class",
      `The target "${target}" holds only the class "${classes[0]}"; a classifier needs at least two.`,
    );
  }
  if (task === "binary" && classes.length > 2) {
    const some = classes.slice(0, 5).join(", ") + (classes.length > 5 ? ", …" : "");
    throw invalid(
      "training.not_binary",
      `The target "${target}" holds ${classes.length} classes (${some}), but the task is binary; use multiclass.`,
    );
  }
  // Float32 scores of very many classes are of no use, and a number of that many values is meant for regression.
  if (classes.length > 1000) {
    throw invalid(
      "training.too_many_classes",
      `The target "${target}" holds ${classes.length} classes; at most 1000 are supported.`,
    );
  }
}

/** The weights, scaled to the mean 1, so that penalties and thresholds mean the same whatever the weights' unit. */
function relativeWeights({ table, weights }: TrainingRequest): Float64Array | undefined {
  if (!weights) return undefined;
  const { rows } = table;
  if (weights.length !== rows) {
    throw invalid(
      "training.invalid_weights",
      `There are ${weights.length} weights for ${rows} rows; give one per row.`,
    );
  }
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (bad >= 0) {
    const problem = `The weight of row ${bad + 1} is ${weights[bad]}`;
    throw invalid("training.invalid_weights", `${problem}; weights must be finite and >= 0.`);
  }
  const mean = weights.reduce((sum, weight) => sum + weight / rows, 0);
  if (mean === 0) throw invalid("training.invalid_weights", "All weights are 0; at least one row must count.");
  return weights.map((weight) => weight / mean);
}
