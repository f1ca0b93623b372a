import { MillraceError } from "../../errors.ts";
import { ApiError } from "../../http/client.ts";
import type { Experiment, LoggedModel } from "../../tracking/types.ts";
import { loggedModelDigest, runDigest } from "./digest.ts";
import type { Tally } from "./report.ts";
import { isElsewhere, type ArtifactRoot, type MlflowSource, type Series, type SourceFile, type SourceRun } from "./source.ts";
import type { ImportTarget } from "./target.ts";

/** An import while it goes on. */
export interface Carrying {
  readonly source: MlflowSource;
  readonly target: ImportTarget;
  readonly dryRun: boolean;
  readonly tally: Tally;
  /** By the id of a run or a logged model: where its artifacts lay, and where they lie now. */
  readonly roots: Map<string, { readonly from: string; readonly to: string }>;
  /** All runs of the source that should be here in the end, and what was written this time. */
  readonly runIds: string[];
  readonly carriedIds: string[];
  /** Artifacts that came now, to runs and models that were here. */
  readonly late: { count: number };
  /** Artifact roots that were not reached, one entry for each kind of place. */
  readonly unreached: Map<string, { count: number; readonly uri: string; readonly why: string }>;
  readonly progress: () => void;
}

interface Here {
  /** The experiment's id here. */
  readonly id: string;
  /** It was not here before. */
  readonly fresh: boolean;
}

/** So many runs are asked for at once, and so many carried side by side. */
const batch = 200;
const side = 4;

export async function carryRuns(carrying: Carrying, experiment: Experiment, here: Here): Promise<void> {
  await inBatches(carrying.source.readRuns(experiment.id, (what, why) => carrying.tally.leave(what, why)), async (runs) => {
    const digests = new Map(runs.map((run) => [run.id, runDigest(run, run.latest)]));
    const presence = await carrying.target.presence("runs", [...digests].map(([id, digest]) => ({ id, digest })));
    await sideBySide(runs, async (run) => {
      carrying.runIds.push(run.id);
      const there = presence.get(run.id);
      carrying.roots.set(run.id, { from: run.artifactUri, to: rootHere("run", run.id, here.id, run.artifactUri) });
      if (there === "same") return passOver(carrying, "runs", { kind: "run", id: run.id, experimentId: experiment.id, uri: run.artifactUri });
      if (there === "other") return carrying.tally.leave(`run ${run.id} (${run.name})`, "a run of this id is here with other content, and stays as it is");
      await orLeave(carrying, `run ${run.id} (${run.name})`, () => carryRun(carrying, run, experiment, here));
    });
  });
}

async function carryRun(carrying: Carrying, run: SourceRun, experiment: Experiment, here: Here): Promise<void> {
  const { source, target, tally } = carrying;
  if (!carrying.dryRun) {
    const files = await carryFiles(carrying, { kind: "run", id: run.id, experimentId: experiment.id, uri: run.artifactUri });
    // A restored experiment brings back the runs that were deleted with it.
    const deletedAt = run.lifecycle === "active" ? null : experiment.lifecycle === "deleted" && here.fresh ? experiment.updatedAt : (run.deletedAt ?? run.endedAt ?? run.startedAt);
    let read = 0;
    async function* counted(): AsyncIterable<Series> {
      for await (const series of source.readHistories(run)) {
        read += series.steps.length;
        yield series;
      }
    }
    const { points } = await target.writeRun({ ...run, experimentId: here.id, deletedAt, artifactUri: carrying.roots.get(run.id)!.to }, counted());
    // A store of files may hold a point twice.
    tally.carry("points", points === read ? read : await countDifferent(source.readHistories(run)));
    tally.carry("artifacts", files.count);
    tally.carry("bytes", files.bytes);
    carrying.carriedIds.push(run.id);
  }
  tally.carry("runs");
  tally.carry("params", run.params.length);
  tally.carry("tags", run.tags.length);
  tally.carry("datasets", run.datasets.length);
  carrying.progress();
}

async function countDifferent(histories: AsyncIterable<Series>): Promise<number> {
  const seen = new Map<string, Set<string>>();
  for await (const { key, steps, times, values } of histories) {
    const points = seen.get(key) ?? new Set();
    seen.set(key, points);
    // -0 and 0 are one value to the databases.
    for (const [index, step] of steps.entries()) points.add(`${step} ${times[index]} ${values[index]}`);
  }
  return [...seen.values()].reduce((sum, points) => sum + points.size, 0);
}

export async function carryLoggedModels(carrying: Carrying, experiment: Experiment, here: Here): Promise<void> {
  await inBatches(carrying.source.readLoggedModels(experiment.id, (what, why) => carrying.tally.leave(what, why)), async (models) => {
    const digests = models.map((model) => ({ id: model.id, digest: loggedModelDigest(model) }));
    const presence = await carrying.target.presence("loggedModels", digests);
    await sideBySide(models, async (model) => {
      const there = presence.get(model.id);
      carrying.roots.set(model.id, { from: model.artifactUri, to: rootHere("model", model.id, here.id, model.artifactUri) });
      if (there === "same") return passOver(carrying, "loggedModels", { kind: "model", id: model.id, experimentId: experiment.id, uri: model.artifactUri });
      if (there === "other") return carrying.tally.leave(`logged model ${model.id} (${model.name})`, "a model of this id is here with other content, and stays as it is");
      await orLeave(carrying, `logged model ${model.id} (${model.name})`, () => carryLoggedModel(carrying, model, here));
    });
  });
}

async function carryLoggedModel(carrying: Carrying, model: LoggedModel, here: Here): Promise<void> {
  if (!carrying.dryRun) {
    const files = await carryFiles(carrying, { kind: "model", id: model.id, experimentId: model.experimentId, uri: model.artifactUri });
    await carrying.target.writeLoggedModel({ ...model, experimentId: here.id, artifactUri: carrying.roots.get(model.id)!.to });
    carrying.tally.carry("artifacts", files.count);
    carrying.tally.carry("bytes", files.bytes);
    carrying.carriedIds.push(model.id);
  }
  carrying.tally.carry("loggedModels");
  carrying.progress();
}

/** What is here already: only artifacts that did not come the last time come now. */
async function passOver(carrying: Carrying, kind: "runs" | "loggedModels", root: ArtifactRoot): Promise<void> {
  carrying.tally.skip(kind);
  await orLeave(carrying, `artifacts of ${root.kind} ${root.id}`, async () => {
    const files = carrying.dryRun ? undefined : await carrying.source.readArtifacts(root);
    if (files === undefined) return;
    let count = 0;
    for await (const file of files) {
      if (file.unreadable === undefined) count++;
      else leaveFile(carrying, file, root);
    }
    const here = (await carrying.target.counts([root.id])).files;
    if (here >= count) return carrying.tally.skip("artifacts", count);
    const late = await carryFiles(carrying, root, () => undefined);
    carrying.tally.carry("artifacts", late.count);
    carrying.tally.carry("bytes", late.bytes);
    carrying.late.count += late.count;
  });
}

/** Where the artifacts of a run or a model lie here: with the server, or where they were when that is an object store. */
function rootHere(kind: ArtifactRoot["kind"], id: string, experimentId: string, uri: string): string {
  if (isElsewhere(uri)) return uri;
  return `mlflow-artifacts:/${experimentId}/${kind === "model" ? "models/" : ""}${id}/artifacts`;
}

const leaveFile = ({ tally }: Carrying, { path, unreadable }: SourceFile, { kind, id }: ArtifactRoot): void => tally.leave(`artifact ${path} of ${kind} ${id}`, unreadable!);

/** Stores the files before the run that has them, which then appears with them; `leave` tells of one that cannot be read. */
async function carryFiles(carrying: Carrying, root: ArtifactRoot, leave = leaveFile): Promise<{ readonly count: number; readonly bytes: number }> {
  const files = await carrying.source.readArtifacts(root);
  if (files === undefined) {
    noteUnreached(carrying, root.uri);
    return { count: 0, bytes: 0 };
  }
  const to = carrying.roots.get(root.id)!.to.replace(/^mlflow-artifacts:\//, "");
  let [count, bytes] = [0, 0];
  for await (const file of files) {
    if (file.unreadable !== undefined) {
      leave(carrying, file, root);
      continue;
    }
    await orLeave(carrying, `artifact ${file.path} of ${root.kind} ${root.id}`, async () => {
      bytes += await carrying.target.writeFile(to, file);
      count++;
    });
  }
  return { count, bytes };
}

function noteUnreached({ unreached }: Carrying, uri: string): void {
  const scheme = uri.split(":")[0];
  const why = scheme === "mlflow-artifacts" ? "the old server kept them; give the folder it kept them in with --artifacts-destination" : "clients reach them there as before";
  const known = unreached.get(scheme);
  if (known) known.count++;
  else unreached.set(scheme, { count: 1, uri, why });
}

/** Does a part of an import; one that fails by itself is told in the report, while a server that is gone ends the import. */
export async function orLeave(carrying: Carrying, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const own = error instanceof MillraceError || (error instanceof ApiError && error.status < 500) || (error instanceof Error && "code" in error && !(error instanceof ApiError));
    if (!own || (error instanceof MillraceError && error.status === 503)) throw error;
    carrying.tally.leave(what, (error as Error).message);
  }
}

async function inBatches<T>(all: AsyncIterable<T>, work: (some: readonly T[]) => Promise<void>): Promise<void> {
  let some: T[] = [];
  for await (const one of all) {
    some.push(one);
    if (some.length < batch) continue;
    await work(some);
    some = [];
  }
  if (some.length > 0) await work(some);
}

/** A few at once: the server then writes them in one transaction. */
async function sideBySide<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  const worker = async (): Promise<void> => {
    for (const one of rest) await work(one);
  };
  await Promise.all(Array.from({ length: side }, worker));
}
