import type { Experiment } from "../../tracking/types.ts";
import { carryLoggedModels, carryRuns, type Carrying } from "./carry-experiment.ts";
import { carryModel } from "./carry-registry.ts";
import { Tally, type ImportReport } from "./report.ts";
import { isElsewhere, type MlflowSource } from "./source.ts";
import type { ImportTarget } from "./target.ts";

export interface ImportOptions {
  /** Names of experiments; all when it is empty. Of the registry, then, only models that came from their runs. */
  readonly only: readonly string[];
  readonly dryRun: boolean;
  /** A line about how far it is, now and then. */
  readonly progress: (line: string) => void;
}

/** So many ids go into one question. */
const slice = 500;

/**
 * Carries a tracking store of MLflow into this house. It may be stopped at any moment and done again: what is here with the same content is
 * passed over, and a run is written whole.
 */
export async function importMlflow(source: MlflowSource, target: ImportTarget, options: ImportOptions): Promise<ImportReport> {
  const began = performance.now();
  const tally = new Tally();
  const carrying: Carrying = { source, target, dryRun: options.dryRun, tally, roots: new Map(), runIds: [], carriedIds: [], late: { count: 0 }, unreached: new Map(), progress: progressOf(tally, began, options.progress) };
  const seen = new Set<string>();
  const leave = (what: string, why: string): void => tally.leave(what, why);
  // Read whole before the first write: the names must be known to say which of those asked for is none.
  const experiments: Experiment[] = [];
  for await (const experiment of source.readExperiments(leave)) experiments.push(experiment);
  for (const experiment of experiments) {
    if (options.only.length > 0 && !options.only.includes(experiment.name)) continue;
    seen.add(experiment.name);
    const here = await placeExperiment(carrying, experiment);
    if (here === undefined) continue;
    await carryRuns(carrying, experiment, here);
    await carryLoggedModels(carrying, experiment, here);
  }
  for (const name of options.only.filter((one) => !seen.has(one))) tally.leave(`experiment ${name}`, `there is none of this name; there are ${experiments.map((one) => one.name).join(", ")}`);
  for await (const model of source.readRegisteredModels(leave)) {
    const wanted = options.only.length === 0 || model.versions.some(({ runId, loggedModelId }) => [runId, loggedModelId].some((id) => id !== null && carrying.roots.has(id)));
    if (wanted) await carryModel(carrying, model);
  }
  for (const { count, uri, why } of carrying.unreached.values()) tally.notes.push(`Artifacts of ${count} ${count === 1 ? "run or model" : "runs and models"} stay where they are (${uri}${count === 1 ? "" : " …"}): ${why}`);
  for (const [what, count] of Object.entries(await source.readLeftOut())) if (count > 0) tally.notes.push(`Not carried: ${count} ${what}`);
  return {
    source: source.name,
    dryRun: options.dryRun,
    carried: tally.carried,
    skipped: tally.skipped,
    notes: tally.notes,
    leftOut: tally.leftOut,
    renumbered: tally.renumbered,
    merged: tally.merged,
    checked: options.dryRun ? [] : await check(carrying),
    seconds: (performance.now() - began) / 1000,
  };
}

async function placeExperiment({ source, target, tally, dryRun }: Carrying, experiment: Experiment): Promise<{ readonly id: string; readonly fresh: boolean } | undefined> {
  const missing = source.missingFolder(experiment.artifactLocation);
  if (missing !== undefined) tally.notes.push(`Experiment ${experiment.name}: the folder of its artifacts, ${missing}, is not there; what it may have held did not come`);
  if (dryRun) {
    const known = await target.experimentNamed(experiment.name);
    if (known) tally.merged.push(experiment.name);
    tally.carry("experiments", known ? 0 : 1);
    return { id: known?.id ?? experiment.id, fresh: !known };
  }
  const here = await target.writeExperiment({ ...experiment, artifactLocation: isElsewhere(experiment.artifactLocation) ? experiment.artifactLocation : null });
  if (here.merged) tally.merged.push(experiment.name);
  else tally.carry("experiments");
  if (here.id !== experiment.id) tally.renumbered[experiment.id] = here.id;
  if (here.lifecycle === "active" || experiment.lifecycle === "deleted") return { id: here.id, fresh: !here.merged };
  tally.leave(`experiment ${experiment.name}`, "it is deleted here; restore it, and import again");
  return undefined;
}

/** Counts on both sides: all runs of the source, and the points and artifacts of those that came this time. */
async function check({ target, tally, runIds, carriedIds, late }: Carrying): Promise<ImportReport["checked"]> {
  let [runs, points, files] = [0, 0, 0];
  for (let from = 0; from < runIds.length; from += slice) {
    const presence = await target.presence("runs", runIds.slice(from, from + slice).map((id) => ({ id, digest: "" })));
    for (const one of presence.values()) if (one !== "new" && one !== "begun") runs++;
  }
  for (let from = 0; from < carriedIds.length; from += slice) {
    const counts = await target.counts(carriedIds.slice(from, from + slice));
    points += counts.points;
    files += counts.files;
  }
  return [
    { what: "runs", source: runIds.length, here: runs },
    { what: "metric points of what came now", source: tally.carried.points, here: points },
    { what: "artifacts of what came now", source: tally.carried.artifacts - late.count, here: files },
  ];
}

/** Says how far it is, every two seconds. */
function progressOf(tally: Tally, began: number, say: (line: string) => void): () => void {
  let last = began;
  return () => {
    const now = performance.now();
    if (now - last < 2000) return;
    last = now;
    const { runs, points, artifacts } = tally.carried;
    const seconds = (now - began) / 1000;
    say(`${runs.toLocaleString("en")} runs, ${points.toLocaleString("en")} points (${Math.round(points / seconds).toLocaleString("en")}/s), ${artifacts.toLocaleString("en")} artifacts; ${tally.skipped.runs.toLocaleString("en")} runs were here`);
  };
}
