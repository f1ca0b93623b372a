import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { invalid } from "../../errors.ts";
import { nameOfRun } from "../../tracking/run-names.ts";
import type { DatasetInput } from "../../tracking/inputs.ts";
import type { LoggedModel, LoggedModelStatus, RunStatus } from "../../tracking/types.ts";
import { numberIn, numberOrNullIn, textIn } from "./cells.ts";
import { filesBelow, localFolder, missingLocal } from "./local-artifacts.ts";
import { readFolderModels } from "./folder-registry.ts";
import { eachOf, foldersIn, readMeta, readMetrics, readPairs, type Meta } from "./folder-files.ts";
import type { ArtifactRoot, MlflowSource, SourceRun } from "./source.ts";

/** Folders of an experiment that are no runs. */
const reserved = new Set(["tags", "datasets", "traces", "models"]);

/** The `mlruns` folder of MLflow's file store, deleted experiments in its `.trash` included. */
export function openFolderSource(root: string, proxied: string | undefined): MlflowSource {
  const folders = new Map<string, string>();
  const artifacts = proxied ?? [join(dirname(root), "mlartifacts")].find((one) => existsSync(one));
  const experimentFolder = (id: string): string => folders.get(id) ?? join(root, id);
  return {
    name: `the folder ${root}`,
    async *readExperiments(leave) {
      const all = [...(await foldersIn(root)), ...(await foldersIn(join(root, ".trash"), leave))];
      yield* eachOf(all, (folder) => `experiment ${basename(folder)}`, leave, async (folder) => {
        const meta = await readMeta(folder);
        // The registry lies in a folder among the experiments.
        if (meta === undefined) return undefined;
        const id = textIn(meta["experiment_id"]);
        folders.set(id, folder);
        return {
          id,
          name: textIn(meta["name"]),
          artifactLocation: textIn(meta["artifact_location"]),
          lifecycle: lifecycle(meta),
          createdAt: numberIn(meta["creation_time"]),
          updatedAt: numberIn(meta["last_update_time"] ?? meta["creation_time"]),
          tags: Object.fromEntries((await readPairs(join(folder, "tags"))).map(({ key, value }) => [key, value])),
        };
      });
      if (folders.size === 0) throw invalid("mlflow.no_source", `${root} is no folder of MLflow's file store: no folder in it has a meta.yaml of an experiment`);
    },
    async *readRuns(experimentId, leave) {
      const all = (await foldersIn(experimentFolder(experimentId), leave)).filter((folder) => !reserved.has(basename(folder)));
      yield* eachOf(all, (folder) => `run ${basename(folder)}`, leave, async (folder) => {
        const meta = await readMeta(folder);
        if (meta) return readRun(meta, folder, experimentFolder(experimentId), experimentId);
        if (/^[0-9a-f]{32}$/.test(basename(folder))) leave(`run ${basename(folder)}`, `it has no meta.yaml (${folder})`);
        return undefined;
      });
    },
    async *readHistories(run) {
      const folder = join(experimentFolder(run.experimentId), run.id, "metrics");
      for (const { key } of run.latest) {
        const lines = await readMetrics(folder, key);
        yield { key, steps: lines.map(({ step }) => step), times: lines.map(({ time }) => time), values: lines.map(({ value }) => value) };
      }
    },
    async *readLoggedModels(experimentId, leave) {
      yield* eachOf(await foldersIn(join(experimentFolder(experimentId), "models"), leave), (folder) => `logged model ${basename(folder)}`, leave, async (folder) => {
        const meta = await readMeta(folder);
        return meta && readLoggedModel(meta, folder);
      });
    },
    readRegisteredModels: (leave) => readFolderModels(join(root, "models"), leave),
    readArtifacts: async ({ kind, id, experimentId, uri }: ArtifactRoot) => {
      const local = localFolder(uri, dirname(root), artifacts);
      // A folder that was moved still names the place it was at.
      const here = join(experimentFolder(experimentId), ...(kind === "model" ? ["models"] : []), id, "artifacts");
      if (local === undefined) return undefined;
      return filesBelow(existsSync(here) && !uri.startsWith("mlflow-artifacts:") ? here : local);
    },
    missingFolder: (uri) => missingLocal(localFolder(uri, dirname(root), artifacts)),
    readLeftOut: async () => {
      let traces = 0;
      for (const folder of folders.values()) traces += (await readdir(join(folder, "traces")).catch(() => [])).length;
      return { traces };
    },
    close: async () => undefined,
  };
}

const lifecycle = (meta: Meta) => (meta["lifecycle_stage"] === "deleted" ? ("deleted" as const) : ("active" as const));

/** The store writes a status by its number in MLflow's protocol. */
const runStatus: readonly RunStatus[] = ["running", "running", "scheduled", "finished", "failed", "killed"];

async function readRun(meta: Meta, folder: string, experiment: string, experimentId: string): Promise<SourceRun> {
  const id = textIn(meta["run_id"] ?? meta["run_uuid"]);
  const [params, tags, keys] = [await readPairs(join(folder, "params")), await readPairs(join(folder, "tags")), await keysBelow(join(folder, "metrics"))];
  const latest: { key: string; step: number; time: number }[] = [];
  for (const key of keys) {
    let last = { step: Number.NEGATIVE_INFINITY, time: Number.NEGATIVE_INFINITY };
    for (const point of await readMetrics(join(folder, "metrics"), key)) if (point.step > last.step || (point.step === last.step && point.time > last.time)) last = point;
    if (Number.isFinite(last.step)) latest.push({ key, step: last.step, time: last.time });
  }
  return {
    id,
    experimentId,
    name: textIn(meta["run_name"] ?? meta["name"]) || (tags.find(({ key }) => key === "mlflow.runName")?.value ?? "") || nameOfRun(id),
    status: runStatus[numberIn(meta["status"])] ?? "running",
    startedAt: numberIn(meta["start_time"]),
    endedAt: numberOrNullIn(meta["end_time"]),
    lifecycle: lifecycle(meta),
    deletedAt: numberOrNullIn(meta["deleted_time"]),
    userId: textIn(meta["user_id"]),
    artifactUri: textIn(meta["artifact_uri"]) || join(folder, "artifacts"),
    params,
    tags,
    datasets: await datasetsOf(folder, experiment),
    inputModels: await modelsOf(join(folder, "inputs"), "MODEL_INPUT"),
    outputModels: await modelsOf(join(folder, "outputs"), "MODEL_OUTPUT"),
    latest,
  };
}

const keysBelow = async (folder: string): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { path } of filesBelow(folder)) keys.push(path);
  return keys;
};

async function datasetsOf(run: string, experiment: string): Promise<DatasetInput[]> {
  const inputs: DatasetInput[] = [];
  for (const folder of await foldersIn(join(run, "inputs"))) {
    const meta = await readMeta(folder);
    const dataset = meta?.["source_type"] === "DATASET" ? await readMeta(join(experiment, "datasets", textIn(meta["source_id"]))) : undefined;
    if (!meta || !dataset) continue;
    const given = (key: string) => (dataset[key] === null || dataset[key] === undefined ? undefined : textIn(dataset[key]));
    inputs.push({
      dataset: { name: textIn(dataset["name"]), digest: textIn(dataset["digest"]), sourceType: textIn(dataset["source_type"]), source: textIn(dataset["source"]), schema: given("schema"), profile: given("profile") },
      tags: Object.fromEntries(Object.entries(meta["tags"] ?? {}).map(([key, value]) => [key, textIn(value)])),
    });
  }
  return inputs;
}

async function modelsOf(folder: string, kind: string): Promise<{ modelId: string; step: number }[]> {
  const metas = await Promise.all((await foldersIn(folder)).map(readMeta));
  return metas.filter((meta) => meta?.["destination_type"] === kind).map((meta) => ({ modelId: textIn(meta!["destination_id"]), step: numberIn(meta!["step"]) }));
}

const modelStatus: readonly LoggedModelStatus[] = ["pending", "pending", "ready", "failed"];

async function readLoggedModel(meta: Meta, folder: string): Promise<LoggedModel> {
  const metrics: LoggedModel["metrics"][number][] = [];
  for (const key of await keysBelow(join(folder, "metrics"))) {
    for (const { step, time, value, rest } of await readMetrics(join(folder, "metrics"), key)) {
      metrics.push({ key, step, time, value, runId: rest[0] ?? "", datasetName: rest[1] ?? "", datasetDigest: rest[2] ?? "" });
    }
  }
  return {
    id: textIn(meta["model_id"]),
    experimentId: textIn(meta["experiment_id"]),
    name: textIn(meta["name"]),
    type: textIn(meta["model_type"]) || null,
    status: modelStatus[numberIn(meta["status"])] ?? "pending",
    sourceRunId: textIn(meta["source_run_id"]) || null,
    artifactUri: textIn(meta["artifact_location"]) || join(folder, "artifacts"),
    createdAt: numberIn(meta["creation_timestamp"]),
    updatedAt: numberIn(meta["last_updated_timestamp"]),
    lifecycle: lifecycle(meta),
    params: await readPairs(join(folder, "params")),
    tags: await readPairs(join(folder, "tags")),
    metrics,
  };
}
