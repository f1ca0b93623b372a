import { isoDate } from "../clock.ts";
import { conflict, MillraceError } from "../errors.ts";
import { asMetric } from "../monitoring/error-sums.ts";
import { evaluateDrift, evaluateErrors, readMonitor } from "../monitoring/monitoring.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import { resolveAlias } from "../registry/aliases.ts";
import type { TrainedVersion } from "../registry/types.ts";
import { listVersions, trained } from "../registry/versions.ts";
import { flushPredictions } from "../serving/serving.ts";
import { stepOutput, type House } from "../stage.ts";
import { holdsOf } from "../storage/holds.ts";
import { abandonCanary, beginRollout, compared, judgeCanary } from "./canary.ts";
import type { ChooseOutput } from "./candidates/choose-step.ts";
import { cameBackFor } from "./came-back-for.ts";
import { readLoop, whyResting } from "./loops.ts";
import { untrained } from "./adoption/project-of-adoption.ts";
import { findReason, type Reason } from "./reasons.ts";
import { latestRollout, latestTick, readDecisions, recordDecision, writeTick } from "./store.ts";
import { retrainingPipeline } from "./training-pipeline.ts";
import type { Loop } from "./types.ts";

const turning = new WeakMap<House, Map<string, Promise<void>>>();

/**
 * One turn of the loop at the time `now`: live error and drift up to now, a verdict on the canary, or, when an alarm is raised, a
 * retraining through the gate to a new canary. Returns when all of that is done. A turn that was cut off is done again with the same
 * outcome: everything in it follows from what is stored, and every decision is written with the change it stands for.
 */
export async function tick(house: House, endpoint: string, now: number): Promise<void> {
  const byEndpoint = turning.get(house) ?? new Map<string, Promise<void>>();
  turning.set(house, byEndpoint);
  const before = byEndpoint.get(endpoint);
  const turn = (async () => {
    await before?.catch(() => undefined);
    await alone(house, endpoint, () => turnTo(house, endpoint, now));
  })();
  byEndpoint.set(endpoint, turn);
  try {
    await turn;
  } finally {
    if (byEndpoint.get(endpoint) === turn) byEndpoint.delete(endpoint);
  }
}

/** Does the work when no other server turns this loop. */
async function alone(house: House, endpoint: string, work: () => Promise<void>): Promise<void> {
  const [holds, name] = [holdsOf(house.db), `optimization.loop ${endpoint}`];
  while (!(await holds.take(name))) await new Promise((resolve) => setTimeout(resolve, 250));
  try {
    await work();
  } finally {
    // A hold that cannot be given back is lost with its session.
    await holds.give(name).catch(() => undefined);
  }
}

async function turnTo(house: House, endpoint: string, now: number): Promise<void> {
  const last = await latestTick(house.db, endpoint);
  if (last && last.time > now) {
    throw conflict("optimization.time_went_back", `The loop of ${endpoint} has turned at ${new Date(last.time).toISOString()}; it cannot turn at ${new Date(now).toISOString()}, which is earlier`);
  }
  if (last?.time === now && last.state === "done") return;
  if (last?.state === "running" && last.time < now) await turnOnce(house, endpoint, last.time);
  await flushPredictions(house);
  await writeTick(house.db, endpoint, { time: now, state: "running" });
  await turnOnce(house, endpoint, now);
}

async function turnOnce(house: House, endpoint: string, now: number): Promise<void> {
  const loop = await readLoop(house, endpoint);
  const config = await readMonitor(house.db, endpoint);
  await evaluateErrors(house, config, loop.startedAt, now);
  const drifted = await evaluateDrift(house, config, loop.startedAt, now);
  const rollout = await latestRollout(house.db, endpoint);
  if ((await whyResting(house, endpoint)) !== null) {
    if (rollout?.state === "canary") await abandonCanary(house, rollout, now);
  } else if (rollout?.state === "canary") await judgeCanary(house, loop, config, rollout, now);
  else if (rollout?.decidedAt !== now) {
    const reason = await findReason(house, loop, config, drifted, now);
    if (reason) await retrain(house, loop, config, reason, now);
  }
  await writeTick(house.db, endpoint, { time: now, state: "done" });
}

async function retrain(house: House, loop: Loop, config: MonitorConfig, alarm: Reason, now: number): Promise<void> {
  const recipe = loop.project.train.algorithm !== untrained;
  const runId = `${loop.endpoint}-retrain-${isoDate(now)}-${now}`;
  const champion = trained((await resolveAlias(house.db, loop.endpoint, "champion"))!);
  await recordDecision(house.db, {
    endpoint: loop.endpoint,
    time: now,
    kind: "alarm",
    reason: alarm.message,
    evidence: { ...alarm.evidence, kind: alarm.kind, champion: champion.version },
    pipelineRunId: recipe ? runId : null,
  });
  if (!recipe) {
    // Nobody here knows how its model is made: whoever does is told.
    await house.events.emit({ name: "optimization.retraining_wanted", time: now, payload: { endpoint: loop.endpoint, version: champion.version, kind: alarm.kind, reason: alarm.message } });
    return;
  }
  await house.events.emit({ name: "optimization.retraining_started", time: now, payload: { endpoint: loop.endpoint, kind: alarm.kind, reason: alarm.message } });
  const before = (await readDecisions(house.db, loop.endpoint)).filter(({ time }) => time < now);
  // The champion of the alarm, not of now: when this turn is done again, they are the same.
  const changedAt = alarm.kind === "performance" ? Number(alarm.evidence["changedAt"] ?? Number.NaN) : Number.NaN;
  const challenged = { champion, from: await oldestRow(house, loop, champion.version), archived: await archivedVersions(house, champion), changedAt: Number.isNaN(changedAt) ? null : changedAt, cameBackFor: cameBackFor(before) };
  await house.pipelines.start(runId, retrainingPipeline(loop, challenged, { time: now, trigger: `${alarm.kind}: ${alarm.message}`, schema: loop.schema }));
  const run = await house.pipelines.finished(runId);
  // Cut off by the end of this process: the turn is done again at the next start.
  if (run.state === "running") throw new MillraceError("optimization.cut_off", 503, `The retraining ${run.id} was cut off; it goes on at the next start`);
  if (run.state === "succeeded") return;
  const choice = stepOutput<ChooseOutput>(run, "train")?.choice;
  if (run.state === "stopped" && choice?.archived != null && (choice.belief?.mean ?? 0) > 0) {
    const challenge = { champion: champion.version, challenger: choice.archived, choice: { ...choice, from: await oldestRow(house, loop, choice.archived) } };
    try {
      await beginRollout(house, loop, config, challenge, now, runId);
    } catch (error) {
      // Of what is not trained anew no pipeline says that the gateway refuses it.
      if (!(error instanceof MillraceError)) throw error;
      await recordDecision(house.db, { endpoint: loop.endpoint, time: now, kind: "retraining_failed", reason: `version ${choice.archived} cannot come back: ${error.message}`, evidence: compared(choice), pipelineRunId: runId });
    }
    return;
  }
  await recordDecision(house.db, {
    endpoint: loop.endpoint,
    time: now,
    kind: run.state === "stopped" ? "gate_rejected" : "retraining_failed",
    reason: run.reason ?? "the retraining ended without a reason",
    // What newer rows did not better is as good as can be had now.
    evidence: choice ? { ...compared(choice), championLoss: asMetric(config.task, choice.championLoss) } : {},
    pipelineRunId: runId,
  });
}

/** The oldest row a version was trained on, ms, as the loop chose it; null: all rows that there were. */
async function oldestRow(house: House, { endpoint }: Loop, version: number): Promise<number | null> {
  const made = (await readDecisions(house.db, endpoint, { kinds: ["canary_started", "promoted"] })).findLast(({ evidence }) => evidence["challenger"] === version && "from" in evidence);
  const from = made?.evidence["from"];
  return typeof from === "number" ? from : null;
}

/** Versions that were trained here and may come back: the first, and the newest. */
async function archivedVersions(house: House, champion: TrainedVersion): Promise<TrainedVersion[]> {
  const known = (await listVersions(house.db, champion.model)).filter((version) => version.origin === "trained" && version.version !== champion.version) as TrainedVersion[];
  return known.filter(({ version }, at) => at < mostArchived || version === 1);
}

/** So many of the newest versions are compared again. */
const mostArchived = 12;
