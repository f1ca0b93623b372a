import { MillraceError } from "../errors.ts";
import { readDatasetVersion } from "../data/data.ts";
import type { GateVerdict } from "../evaluation/gate.ts";
import type { LoggedModel } from "../tracking/types.ts";
import { readLoggedModels } from "../tracking/logged-models.ts";
import { readManyRuns, type RunDetails } from "../tracking/run-details.ts";
import { packageVersions } from "../training/environments/environment-texts.ts";
import type { Recipe } from "../training/recipes/types.ts";
import { codeOfEnvironment, codeOfTags, loggedDatasets, signatureFields } from "./evidence-parts.ts";
import { readMlModel, type ModelFormat, type ModelSignature } from "./mlmodel.ts";
import { describeOnnx, type OnnxFacts } from "./onnx-facts.ts";
import { readRequirements } from "./requirements.ts";
import type { ClientVersion, ModelVersion, TrainedVersion } from "./types.ts";
import { listVersionFiles, readSmallFile, type Shelves, versionFile } from "./version-files.ts";
import { readVersion } from "./versions.ts";

/** The code a model was made with, as far as its run says. */
export interface CodeEvidence {
  readonly commit: string | null;
  readonly repository: string | null;
  readonly branch: string | null;
  /** Whether something was not committed; null when nobody said. */
  readonly dirty: boolean | null;
  /** The file or notebook that was run. */
  readonly entryPoint: string | null;
}

export interface DataEvidence {
  readonly name: string;
  /** Of our dataset versions their id. */
  readonly digest: string;
  /** `training`, `evaluation`; "" when nobody said. */
  readonly role: string;
  readonly source: string;
  readonly rows: number | null;
  /** Column → type; empty when not known. */
  readonly columns: Readonly<Record<string, string>>;
  /** Whether it is a dataset version of this house. */
  readonly ours: boolean;
}

export interface MetricEvidence {
  readonly metric: string;
  /** Null for NaN and infinite. */
  readonly value: number | null;
  /** The ends of the 95 % interval, where it was evaluated here. */
  readonly low: number | null;
  readonly high: number | null;
  /** What it was measured on, where it was said. */
  readonly dataset: string | null;
  readonly from: "evaluation" | "logged model" | "run";
}

/** What stands behind a version: code, data, configuration, environment, evaluation, and what it is. */
export interface Evidence {
  readonly model: string;
  readonly version: number;
  readonly origin: ModelVersion["origin"];
  readonly createdAt: number;
  readonly createdBy: string;
  readonly why: string;
  readonly runId: string | null;
  readonly loggedModelId: string | null;
  readonly code: CodeEvidence | null;
  readonly data: readonly DataEvidence[];
  readonly config: Readonly<Record<string, string>>;
  /** Package or program → version, or what was asked for of it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly evaluation: readonly MetricEvidence[];
  readonly gate: GateVerdict | null;
  readonly signature: ModelSignature | null;
  /** What its MLmodel says; null for graphs of this house. */
  readonly format: ModelFormat | null;
  readonly graph: OnnxFacts | null;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly size: number }[];
  /** Bytes of all files. */
  readonly size: number;
  /** What could not be read, and why. */
  readonly notes: readonly string[];
}

/** Collects the evidence of a version from the registry, its run, its logged model and its files. Throws `registry.version_not_found`. */
export async function readEvidence(shelves: Shelves, model: string, number: number): Promise<Evidence> {
  const version = await readVersion(shelves.db, model, number);
  const files = await listVersionFiles(shelves.db, version);
  const facts = {
    model,
    version: number,
    createdAt: version.createdAt,
    createdBy: version.createdBy,
    why: version.trigger,
    runId: version.runId,
    loggedModelId: version.loggedModelId,
    files: files ?? [],
    size: (files ?? []).reduce((sum, file) => sum + file.size, 0),
  };
  const graphs = (files ?? []).filter(({ path }) => path.endsWith(".onnx"));
  const graph = graphs.length === 1 ? await describeOnnx(await shelves.blobs.localPath(graphs[0].sha256, versionFile(version, graphs[0].path))) : null;
  const notes = [
    ...(files === undefined ? [`Its files are kept at ${version.storage}, outside of the artifact store: they are not read here`] : []),
    ...(files?.length === 0 ? [`There are no files at ${version.storage}`] : []),
    ...(typeof graph === "string" ? [graph] : []),
  ];
  const parts = version.origin === "trained" ? await ofTrained(shelves, version) : await ofClient(shelves, version, facts.files);
  return { ...facts, ...parts, graph: typeof graph === "string" ? null : graph, notes: [...notes, ...parts.notes] };
}

type Parts = Pick<Evidence, "origin" | "code" | "data" | "config" | "environment" | "evaluation" | "gate" | "signature" | "format" | "notes">;

async function ofTrained(shelves: Shelves, version: TrainedVersion): Promise<Parts> {
  const { code: _, ...environment } = version.environment;
  const notes: string[] = [];
  const dataset = await readDatasetVersion(shelves.db, shelves.blobs, version.datasetVersion).catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.status !== 404) throw error;
    notes.push(`Its dataset version ${version.datasetVersion} is not there any more: ${error.message}`);
    return undefined;
  });
  const data: DataEvidence = {
    name: dataset?.dataset ?? version.model,
    digest: version.datasetVersion,
    role: "training",
    source: dataset?.manifest.source?.name ?? "",
    rows: dataset?.rows ?? null,
    columns: Object.fromEntries((dataset?.manifest.columns ?? []).map(({ name, type }) => [name, type])),
    ours: true,
  };
  return {
    origin: "trained",
    code: codeOfEnvironment(version.environment["code"]),
    data: [data],
    config: { algorithm: version.algorithm, ...(version.recipe && recipeTexts(version.recipe)), ...textsOf(version.params) },
    environment: { ...environment, ...packageVersions(version.recipe) },
    evaluation: Object.entries(version.metrics).map(([metric, interval]) => ({ metric, ...interval, dataset: null, from: "evaluation" })),
    gate: version.gate,
    signature: signatureFields(version.signature, version.artifact.python ? "float64" : "float32"),
    format: null,
    notes,
  };
}

async function ofClient(shelves: Shelves, version: ClientVersion, files: Evidence["files"]): Promise<Parts> {
  const { run, logged } = await madeBy(shelves, version);
  const text = await readSmallFile(shelves, files, "MLmodel");
  const { format, notes } = text === undefined ? { format: null, notes: files.length > 0 ? ["Its folder holds no MLmodel that is read (4 MiB at most): what loads it is not known"] : [] } : readMlModel(text);
  const requirements = await readRequirements(shelves, files);
  return {
    origin: "client",
    code: codeOfMakers({ run, logged }),
    data: (run?.datasets ?? []).map(loggedDatasets),
    config: Object.fromEntries((logged && logged.params.length > 0 ? logged.params : (run?.params ?? [])).map(({ key, value }) => [key, value])),
    environment: {
      ...(format?.pythonVersion ? { python: format.pythonVersion } : {}),
      ...(format?.mlflowVersion ? { mlflow: format.mlflowVersion } : {}),
      ...requirements.packages,
    },
    evaluation: metricsOf(run, logged),
    gate: null,
    signature: format?.signature ?? null,
    format,
    notes: [...notes, ...requirements.notes],
  };
}

/** The run and the logged model a client's version came from, where they are still there. */
export interface Makers {
  readonly run: RunDetails | undefined;
  readonly logged: LoggedModel | undefined;
}

export async function madeBy(shelves: Pick<Shelves, "db">, version: ModelVersion): Promise<Makers> {
  return (await makersOf(shelves, [version]))[0];
}

/** Those of versions, in their order. */
async function makersOf({ db }: Pick<Shelves, "db">, versions: readonly ModelVersion[]): Promise<Makers[]> {
  const models = new Map((await readLoggedModels(db, versions.flatMap(({ loggedModelId }) => loggedModelId ?? []))).map((model) => [model.id, model]));
  const made = versions.map(({ loggedModelId, runId }) => {
    const logged = loggedModelId === null ? undefined : models.get(loggedModelId);
    return { logged, runId: runId ?? logged?.sourceRunId ?? null };
  });
  const runs = new Map((await readManyRuns(db, [...new Set(made.flatMap((one) => one.runId ?? []))])).map((run) => [run.id, run]));
  return made.map(({ logged, runId }) => ({ logged, run: runId === null ? undefined : runs.get(runId) }));
}

/** The code that versions were made by, in their order; null where nobody said. */
export async function codesOf(shelves: Pick<Shelves, "db">, versions: readonly ModelVersion[]): Promise<(CodeEvidence | null)[]> {
  const makers = await makersOf(shelves, versions);
  return versions.map((version, at) => (version.origin === "trained" ? codeOfEnvironment(version.environment["code"]) : codeOfMakers(makers[at])));
}

const codeOfMakers = ({ run, logged }: Makers): CodeEvidence | null => codeOfTags(Object.fromEntries([...(run?.tags ?? []), ...(logged?.tags ?? [])].map(({ key, value }) => [key, value])));

/** What was measured of the logged model, last per metric and dataset; when nothing was, the last metrics of its run. */
export function metricsOf(run: RunDetails | undefined, logged: LoggedModel | undefined): MetricEvidence[] {
  const last = new Map((logged?.metrics ?? []).map((one) => [`${one.key} ${one.datasetName} ${one.datasetDigest}`, one]));
  const measured = last.size > 0 ? [...last.values()].map((one) => ({ ...one, dataset: one.datasetName || null, from: "logged model" as const })) : (run?.metrics ?? []).map((one) => ({ ...one, dataset: null, from: "run" as const }));
  return measured.map(({ key, value, dataset, from }) => ({ metric: key, value: Number.isFinite(value) ? value : null, low: null, high: null, dataset, from }));
}

/** A recipe as far as two versions of a model may differ in it. */
const recipeTexts = ({ run, files, code, python }: Recipe): Record<string, string> => ({
  "recipe.run": run,
  "recipe.files": files.map(({ path }) => path).join(", "),
  "recipe.code": code,
  ...(python && { "recipe.python": python.declared, ...(python.made && { "recipe.environment": python.made.digest }) }),
});

const textsOf = (values: Readonly<Record<string, unknown>>): Record<string, string> => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]));
