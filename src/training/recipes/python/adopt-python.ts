import { mkdtemp, readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { canonicalJson } from "../../../canonical-json.ts";
import type { Column, DatasetColumn, Table } from "../../../data/types.ts";
import type { BlobStore } from "../../../storage/blobs.ts";
import { columnOf } from "../../columns.ts";
import type { ModelColumn, ModelFiles, PythonModel, Signature, TrainingRequest } from "../../types.ts";
import { graphImportances } from "../graph/graph-importances.ts";
import type { LeftFile } from "../left-model.ts";
import { describeRows, refuseNothing, sampled } from "../tried-rows.ts";
import type { PackedModels } from "./packed-models.ts";
import { packModel } from "./pack-model.ts";

/** A model that only Python loads, and the rows it was trained on. */
export interface LeftPython {
  readonly left: LeftFile;
  readonly interpreter: string;
  /** Variables beside the server's that the command ran with; what is undefined is taken out. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly train: Table;
  readonly columns: readonly DatasetColumn[];
  readonly request: Pick<TrainingRequest, "features" | "target" | "task" | "eventTime" | "seed">;
  /** Of the file of rows that the command read. */
  readonly format: "parquet" | "csv";
  readonly workdir: string;
}

/** Somebody's Python model as one of ours. */
export interface AdoptedPython {
  readonly model: ModelFiles & { readonly python: PythonModel };
  readonly signature: Signature;
  readonly importances: Readonly<Record<string, number>>;
  readonly answers: (table: Table) => Promise<Float64Array>;
}

/** So many rows the packing itself tries. */
const mostPacked = 200;
/** So many the runtime that serves it: each is asked once for every feature, too. */
const mostTried = 5000;

/**
 * Makes a model that only Python loads one of ours: packed as an MLflow model with an input for each feature and our outputs, tried on rows it was trained on in
 * the runtime that serves it, and put into the artifact store.
 *
 * @throws what `packModel` throws, `training.model_answers_nan`, `evaluation.model_failed`
 */
export async function adoptPython({ left, interpreter, env, train, columns, request, format, workdir }: LeftPython, packed: PackedModels, blobs: BlobStore): Promise<AdoptedPython> {
  const { features, classes, targetReading } = describeRows(train, columns, request);
  // Numbers enter as double: no answer hangs on what float32 has no room for.
  const enters = features.map(({ spec: { name, type } }): ModelColumn => ({ name, type: type === "category" ? "category" : "number", ...(type === "number" && { offset: 0 }) }));
  const whole: Signature = { task: request.task, features: features.map(({ spec }) => spec), columns: enters, target: request.target, ...(targetReading && { targetReading }), ...(classes && { classes }) };
  const few = sampled(train, request.seed, mostPacked);
  const target = join(await mkdtemp(join(workdir, "packing-")), "model");
  const made = await packModel(interpreter, {
    source: left.path,
    target,
    kind: left.kind === "mlflow" ? "mlflow" : "pickle",
    signature: whole,
    features,
    targetStored: columns.find(({ name }) => name === request.target)?.stored ?? "VARCHAR",
    format,
    rows: Object.fromEntries(request.features.map((name) => [name, cellsOf(columnOf(few, name))])),
    eventTime: request.eventTime?.feature ?? null,
  }, env);
  const taken = new Set(made.features);
  const signature: Signature = { ...whole, features: whole.features.filter(({ name }) => taken.has(name)), columns: enters.filter(({ name }) => taken.has(name)) };
  const python: PythonModel = { files: await storeFiles(target, blobs), interpreter: made.python.executable, version: made.python.version, packages: made.packages };
  const listing = await blobs.put(Buffer.from(canonicalJson({ ...python })));
  const model = { ...listing, size: python.files.reduce((sum, { size }) => sum + size, 0), python };
  const answers = (table: Table): Promise<Float64Array> => packed.answers(model, signature, table);
  const tried = sampled(train, request.seed, mostTried);
  refuseNothing(await answers(tried), left.name);
  return { model, signature, importances: await graphImportances(answers, tried, signature, request.seed), answers };
}

async function storeFiles(folder: string, blobs: BlobStore): Promise<PythonModel["files"]> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).toSorted();
  const files: { path: string; sha256: string; size: number }[] = [];
  for (const path of paths) files.push({ path: relative(folder, path), ...(await blobs.putFile(path)) });
  return files;
}

/** A column's cells; null where a value is missing. */
const cellsOf = (column: Column): (number | string | null)[] =>
  column.type === "number" ? Array.from(column.values, (value) => (Number.isNaN(value) ? null : value)) : Array.from(column.codes, (code) => (code < 0 ? null : column.dictionary[code]));
