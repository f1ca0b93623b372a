import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashOf } from "../../canonical-json.ts";
import { plainText } from "../../cli/plain-text.ts";
import { exportRows } from "../../data/export-rows.ts";
import type { IngestOutput } from "../../data/ingest-step.ts";
import { rowNumbersOf } from "../../data/row-numbers.ts";
import type { Table } from "../../data/types.ts";
import { alive } from "../../process-alive.ts";
import type { StepPlace, StepProgress, WorkerContext } from "../../stage.ts";
import type { BlobInfo, BlobStore } from "../../storage/blobs.ts";
import { orDiskFull } from "../../storage/disk-full.ts";
import { removeOlder } from "../../storage/remove-older.ts";
import type { TrainingRequest } from "../types.ts";
import { becauseOfLoss, brokenLosses } from "./broken-losses.ts";
import { explainEnd } from "./explain-end.ts";
import { adoptLeft, type AdoptedLeft } from "./adopt-left.ts";
import { layFiles } from "./lay-files.ts";
import { findLeftModel, holdsModel } from "./left-model.ts";
import { fetchLoggedModels } from "./logged-model.ts";
import { interpreterOf } from "./python/interpreter.ts";
import type { PackedModels } from "./python/packed-models.ts";
import { runCommand } from "./run-command.ts";
import { openTrackedRun } from "./tracked-run.ts";
import { openEnvironment } from "../environments/open-environment.ts";
import type { TrainedIn } from "../environments/types.ts";
import type { Job, Recipe } from "./types.ts";

/** Where a recipe's command runs, and whom it tells. */
export interface Workshop {
  /** A folder whose content is removed afterwards. */
  readonly workdir: string;
  readonly place?: StepPlace;
  readonly print?: (text: string) => void;
  readonly report: (progress: StepProgress) => void;
  /** The tracking experiment of the pipeline's run; null: nothing is tracked. */
  readonly experimentId: string | null;
  /** The name of a run within the pipeline's run, for a training beside the one that is registered; null: the pipeline's run itself. */
  readonly part: string | null;
  /** Where models that only Python loads are asked. */
  readonly packed: PackedModels;
}

/** The workshop of a step. */
export const workshopOf = ({ workdir, report, place, print }: WorkerContext, { experimentId, part, packed }: Pick<Workshop, "experimentId" | "part" | "packed">): Workshop => ({ workdir, report, experimentId, part, packed, ...(place && { place }), ...(print && { print }) });

/** A training by a recipe. */
export interface RecipeTraining {
  readonly recipe: Recipe;
  /** The rows to train on, which know their numbers (`data/row-numbers.ts`). */
  readonly train: Table;
  readonly table: IngestOutput;
  readonly request: Pick<TrainingRequest, "features" | "target" | "task" | "eventTime" | "seed" | "params">;
  readonly time: string | null;
}

/** What a recipe's command made. */
export interface RecipeResult extends AdoptedLeft {
  /** What it printed, and the installer of its environment before. */
  readonly log: BlobInfo;
  /** The Python that it ran in, where the recipe declares one. */
  readonly trainedIn?: TrainedIn;
  readonly seconds: number;
}

/** So long a command may take to end when it is asked to, ms. */
const grace = 5000;
/** Checkpoints of trainings that failed are kept so long, ms. */
const checkpointsKept = 14 * 86_400_000;

/**
 * Trains by a recipe: lays its files and the rows into a folder, runs its command there, and makes the model that it leaves one of ours.
 *
 * @throws what ended the command (`explainEnd`), what is wrong with what it left (`findLeftModel`, `adoptModel`)
 */
export async function runRecipe({ recipe, train, table, request, time }: RecipeTraining, workshop: Workshop, blobs: BlobStore): Promise<RecipeResult> {
  const { place, report, print } = workshop;
  const folder = await mkdtemp(join(workshop.workdir, "recipe-"));
  let said = "";
  const say = (text: string): void => {
    said += text;
    print?.(text);
  };
  const tell = (line: string): void => report({ message: plainText(line).trim().slice(0, 300) });
  let broken: readonly string[] = [];
  let environment: Awaited<ReturnType<typeof openEnvironment>> | undefined;
  try {
    if (recipe.python) environment = await openEnvironment(join(place?.kept ?? folder, "environments"), recipe.python, { workdir: folder, timeout: recipe.timeout, blobs, print: say, tell });
    const rows = rowNumbersOf(train);
    const kinds = new Map(table.columns.map((column) => [column.name, column.type]));
    const names = request.features.filter((name) => kinds.get(name) !== "timestamp");
    const columns = [...new Set([...request.features, request.target, ...(time === null ? [] : [time])])];
    const kept = await openCheckpoints(place?.kept ?? folder, hashOf({ recipe: { run: recipe.run, code: recipe.code }, params: request.params, seed: request.seed, columns, file: table.file.sha256, rows: createHash("sha256").update(rows).digest("hex") }));
    const [code, models, data] = ["code", "model", `train.${recipe.format}`].map((name) => join(folder, name));
    await Promise.all([code, models].map((one) => mkdir(one)));
    await layFiles(recipe.files, code, blobs, (path) => `the recipe's file ${path}`);
    report({ message: `writing ${train.rows} rows for ${recipe.run}` });
    await exportRows({ file: await blobs.localPath(table.file.sha256, "the table of the dataset"), columns, rows: rows.length === table.rows ? null : rows, format: recipe.format, into: data });
    const { experimentId, part } = workshop;
    const server = experimentId === null ? null : (place?.server ?? null);
    const run = await openTrackedRun(server, { runId: place?.runId ?? "", experimentId, part });
    const job: Job = { train: data, target: request.target, features: names, params: request.params, seed: request.seed, run_id: run.id, tracking_uri: server, model_dir: models, checkpoint_dir: kept.folder };
    const jobFile = join(folder, "job.json");
    await writeFile(jobFile, JSON.stringify(job, null, 2));
    const began = Date.now();
    const end = await runCommand({
      command: recipe.run,
      folder: code,
      env: { ...environmentOf(job, jobFile), ...run.env, ...environment?.env },
      timeout: recipe.timeout,
      grace,
      print: say,
      onLine: (line) => tell(`${recipe.run}: ${line}`),
      onStart: kept.begin,
    });
    const wrong = explainEnd(recipe.run, end, recipe.timeout);
    await run.end(wrong === undefined);
    if (wrong) throw wrong;
    if (server !== null && experimentId !== null) {
      broken = await brokenLosses(server, run.id);
      if (broken.length > 0) say(`the training has diverged: the last of what it logged is ${broken.join(", ")}\n`);
      if (!(await holdsModel(models))) await fetchLoggedModels({ server, runId: run.id, experimentId, since: began }, models);
    }
    const left = await findLeftModel(models, recipe.run);
    report({ message: `trying the model ${left.name}` });
    const adopted = await adoptLeft({ left, interpreter: environment?.python ?? interpreterOf(recipe.run), env: environment?.env ?? {}, train, columns: table.columns, request, format: recipe.format, workdir: folder }, workshop.packed, blobs);
    await kept.remove();
    return { ...adopted, log: await blobs.put(Buffer.from(said)), seconds: end.seconds, ...(environment && { trainedIn: environment.trainedIn }) };
  } catch (error) {
    throw becauseOfLoss(orDiskFull(error, folder), broken);
  } finally {
    environment?.close();
    await rm(folder, { recursive: true, force: true });
  }
}


/** The variables that tell a command of its job, beside the file. */
function environmentOf(job: Job, file: string): Record<string, string> {
  return {
    MILLRACE_JOB: file,
    MILLRACE_TRAIN: job.train,
    MILLRACE_TARGET: job.target,
    MILLRACE_PARAMS: JSON.stringify(job.params),
    MILLRACE_SEED: String(job.seed),
    MILLRACE_MODEL_DIR: job.model_dir,
    MILLRACE_CHECKPOINT_DIR: job.checkpoint_dir,
    // What Python prints shall be seen when it is printed.
    PYTHONUNBUFFERED: "1",
    // Threads of OpenMP that wait for each other sleep: where others compute, too, waiting by spinning costs each round a slice of time.
    OMP_WAIT_POLICY: process.env["OMP_WAIT_POLICY"] ?? "PASSIVE",
  };
}

interface Checkpoints {
  readonly folder: string;
  /** Notes the process group that writes there now. */
  readonly begin: (group: number) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** The checkpoint folder of a training: the same for the same training, until it has succeeded. One that was cut off may still be ending; it is waited for. */
async function openCheckpoints(kept: string, key: string): Promise<Checkpoints> {
  const all = join(kept, "checkpoints");
  const own = join(all, key);
  await removeOlder(all, checkpointsKept, Date.now(), key);
  const folder = join(own, "files");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const note = join(own, "group");
  const group = Number(await readFile(note, "utf8").catch(() => "0"));
  for (const until = performance.now() + grace + 1000; group > 0 && alive(-group) && performance.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 50));
  return { folder, begin: (started) => writeFile(note, String(started)), remove: () => rm(own, { recursive: true, force: true }) };
}
