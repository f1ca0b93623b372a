import { day, isoDate } from "../clock.ts";
import { conflict, MillraceError } from "../errors.ts";
import type { EvaluateOutput } from "../evaluation/evaluate-step.ts";
import { notWorseThanChampion, type GateVerdict } from "../evaluation/gate.ts";
import { driftAlarm } from "../monitoring/drift/drift-alarm.ts";
import { evaluateDrift, evaluateErrors, performanceAlarm, readMonitor } from "../monitoring/monitoring.ts";
import { countMatched, matchLabels } from "../monitoring/match-labels.ts";
import type { Alarm, MonitorConfig } from "../monitoring/types.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { trained } from "../registry/versions.ts";
import { flushPredictions } from "../serving/serving.ts";
import type { House, PipelineRun } from "../stage.ts";
import { holdsOf } from "../storage/holds.ts";
import { judgeCanary } from "./canary.ts";
import { expectation } from "./expectation.ts";
import { readLoop } from "./loops.ts";
import { latestRollout, latestTick, previousTurn, readDecisions, recordDecision, writeTick } from "./store.ts";
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
  await matchLabels(house, endpoint, now, { thorough: false });
  await evaluateErrors(house, config, loop.startedAt, now, await previousTurn(house.db, endpoint, now));
  const drifted = await evaluateDrift(house, config, loop.startedAt, now);
  const rollout = await latestRollout(house.db, endpoint);
  if (rollout?.state === "canary") await judgeCanary(house, loop, config, rollout, now);
  else if (rollout?.decidedAt !== now) {
    const alarm = await findAlarm(house, loop, config, drifted.at(-1) && driftAlarm(drifted.at(-1)!), now);
    if (alarm) await retrain(house, loop, alarm, now);
  }
  await writeTick(house.db, endpoint, { time: now, state: "done" });
}

/** What calls for a retraining now, if anything does and the last one is long enough ago. */
async function findAlarm(house: House, loop: Loop, config: MonitorConfig, drift: Alarm | undefined, now: number): Promise<LoopAlarm | undefined> {
  const { on, cooldown, growth } = loop.project.retrain;
  const started = await readDecisions(house.db, loop.endpoint, { kinds: ["alarm"] });
  const lastAlarm = started.at(-1);
  // An alarm of this very turn was cut off in its retraining: go on with it.
  if (lastAlarm?.time === now) return { kind: String(lastAlarm.evidence["kind"]), message: lastAlarm.reason, evidence: lastAlarm.evidence };
  if (lastAlarm && now - lastAlarm.time < cooldown) return undefined;
  const resolved = await resolveAlias(house.db, loop.endpoint, "champion");
  if (!resolved) return undefined;
  const champion = trained(resolved);
  if (on.includes("performance")) {
    const { reference, since } = await expectation(house, loop, config, champion.version);
    const { alarm } = await performanceAlarm(house, config, { version: champion.version, reference, since: since - day });
    if (alarm) return alarm;
  }
  if (on.includes("drift") && drift) return drift;
  if (on.includes("data")) {
    // A label without its prediction is no row to train on.
    const rows = loop.baseRows + (await countMatched(house, loop.endpoint, now)).matched;
    const trainedOn = champion.training.rows;
    if (rows / trainedOn - 1 > growth) {
      return {
        kind: "data",
        message: `${rows} labelled rows are there, ${Math.round((rows / trainedOn - 1) * 100)} % more than the ${trainedOn} version ${champion.version} was trained on`,
        evidence: { rows, trainedOn, growth },
      };
    }
  }
  return undefined;
}

interface LoopAlarm {
  readonly kind: string;
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

async function retrain(house: House, loop: Loop, alarm: LoopAlarm, now: number): Promise<void> {
  const runId = `${loop.endpoint}-retrain-${isoDate(now)}-${now}`;
  const champion = trained((await resolveAlias(house.db, loop.endpoint, "champion"))!);
  await recordDecision(house.db, {
    endpoint: loop.endpoint,
    time: now,
    kind: "alarm",
    reason: alarm.message,
    evidence: { ...alarm.evidence, kind: alarm.kind, champion: champion.version },
    pipelineRunId: runId,
  });
  await house.events.emit({ name: "optimization.retraining_started", time: now, payload: { endpoint: loop.endpoint, reason: alarm.message } });
  // The champion of the alarm, not of now: when this turn is done again, they are the same.
  await house.pipelines.start(runId, retrainingPipeline(loop, champion, { time: now, trigger: `${alarm.kind}: ${alarm.message}`, schema: loop.schema }));
  const run = await house.pipelines.finished(runId);
  // Cut off by the end of this process: the turn is done again at the next start.
  if (run.state === "running") throw new MillraceError("optimization.cut_off", 503, `The retraining ${run.id} was cut off; it goes on at the next start`);
  if (run.state === "succeeded") return;
  const championLoss = bestPossible(run);
  await recordDecision(house.db, {
    endpoint: loop.endpoint,
    time: now,
    kind: run.state === "stopped" ? "gate_rejected" : "retraining_failed",
    reason: run.reason ?? "the retraining ended without a reason",
    evidence: championLoss === undefined ? {} : { championLoss },
    pipelineRunId: runId,
  });
}

/** The champion's loss, when a challenger trained on the newest data could not better it: then it is as good as can be had now. */
function bestPossible(run: PipelineRun): number | undefined {
  const output = <T>(id: string): T | null | undefined => run.steps.find((step) => step.id === id)?.output as T | null | undefined;
  const lostToChampion = output<GateVerdict>("gate")?.checks.some((check) => check.name.endsWith(notWorseThanChampion) && !check.passed);
  return lostToChampion === true ? output<EvaluateOutput>("evaluate")?.champion?.loss : undefined;
}
