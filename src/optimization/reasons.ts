import { driftAlarm } from "../monitoring/drift/drift-alarm.ts";
import { labelledSince } from "../monitoring/labelled-since.ts";
import { performanceAlarm, type evaluateDrift } from "../monitoring/monitoring.ts";
import { liveRise, riseAlarm } from "../monitoring/performance/live-rise.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import { resolveAlias } from "../registry/aliases.ts";
import type { TrainedVersion } from "../registry/types.ts";
import { trained } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { expectation } from "./expectation.ts";
import { fewestUnseen, nextComparison, savedAt } from "./retrainings/loop-sums.ts";
import { retrainingsOf } from "./retrainings/retrainings-of.ts";
import { readDecisions } from "./store.ts";
import { cameBackFor } from "./came-back-for.ts";
import { labelsTried } from "./labels-tried.ts";
import type { Decision, Loop } from "./types.ts";

/** Why a retraining is wanted now. */
export interface Reason {
  readonly kind: string;
  /** A sentence with its numbers. */
  readonly message: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/**
 * What calls for a retraining now, if anything does and the budget allows one: an alarm on the live error or on drift, or so many new labelled rows that a
 * comparison pays. An alarm that the budget or a canary holds back is found again at the next turn, since it follows from the windows.
 */
export async function findReason(house: House, loop: Loop, config: MonitorConfig, drifted: Awaited<ReturnType<typeof evaluateDrift>>, now: number): Promise<Reason | undefined> {
  const { on } = loop.project.retrain;
  const decisions = await readDecisions(house.db, loop.endpoint);
  const attempts = decisions.filter(({ kind }) => kind === "alarm");
  const last = attempts.at(-1);
  // An alarm of this very turn was cut off in its retraining: go on with it.
  if (last?.time === now) return { kind: String(last.evidence["kind"]), message: last.reason, evidence: last.evidence };
  const resolved = await resolveAlias(house.db, loop.endpoint, "champion");
  if (!resolved) return undefined;
  const champion = trained(resolved);
  if (savedAt(loop, attempts, now) < 1) return undefined;
  if (on.includes("performance")) {
    const alarm = config.performance.threshold === null ? await riseReason(house, config, champion, decisions, loop) : await cusumReason(house, loop, config, champion.version, last, now);
    if (alarm) return alarm;
  }
  if (last && now - last.time < loop.project.retrain.cooldown) return undefined;
  const drift = drifted.at(-1) && driftAlarm(drifted.at(-1)!);
  if (on.includes("drift") && drift) return drift;
  return on.includes("data") ? dataReason(house, loop, champion, decisions, now) : undefined;
}

/** When the present champion took over; the loop's start for the first one. */
const since = (decisions: readonly Decision[], loop: Loop): number => decisions.findLast(({ kind }) => kind === "promoted")?.time ?? loop.startedAt;

/** A rise of the live loss. What was tried after it and brought nothing is tried again when twice as many labels have come since the rise. */
async function riseReason(house: House, config: MonitorConfig, champion: TrainedVersion, decisions: readonly Decision[], loop: Loop): Promise<Reason | undefined> {
  const from = since(decisions, loop);
  const rise = await liveRise(house, config, { version: champion.version, since: from });
  const limit = await performanceLimit(house, config, champion.version, from);
  if (!rise?.alarms) return limit;
  const labels = labelsTried(decisions, from);
  if (rise.labels < 2 * labels) return undefined;
  const { message, evidence } = riseAlarm(config, champion.version, rise);
  return { kind: "performance", message, evidence: { ...evidence, again: labels > 0 } };
}

/** The last window above the limit that was set, if one was. */
async function performanceLimit(house: House, config: MonitorConfig, version: number, from: number): Promise<Reason | undefined> {
  if (config.performance.max === null) return undefined;
  const { alarm } = await performanceAlarm(house, { ...config, performance: { ...config.performance, threshold: Number.MAX_VALUE } }, { version, reference: 1, since: from });
  return alarm;
}

/** The CUSUM that a project asks for by its threshold. */
async function cusumReason(house: House, loop: Loop, config: MonitorConfig, version: number, last: Decision | undefined, now: number): Promise<Reason | undefined> {
  if (last && now - last.time < loop.project.retrain.cooldown) return undefined;
  const { reference, since: from } = await expectation(house, loop, config, version);
  return (await performanceAlarm(house, config, { version, reference, since: from - config.window })).alarm;
}

/** New labelled rows: more than the share of growth asked for, or enough windows that a comparison pays by what the earlier ones brought. */
async function dataReason(house: House, loop: Loop, champion: TrainedVersion, decisions: readonly Decision[], now: number): Promise<Reason | undefined> {
  const { growth, cost = 0.3 } = loop.project.retrain;
  const { window } = loop.project.monitor;
  const unseen = await labelledSince(house.db, loop.endpoint, champion.training.until, now);
  if (unseen < fewestUnseen) return undefined;
  const change = cameBackFor(decisions);
  // Rows of before the change that it came back for do not count in a comparison.
  if (change !== null && change > (champion.training.until ?? Number.NEGATIVE_INFINITY) && (await labelledSince(house.db, loop.endpoint, change, now)) < fewestUnseen) return undefined;
  const attempts = decisions.filter(({ kind }) => kind === "alarm");
  const last = attempts.at(-1);
  // What an earlier version that came back has not seen is no growth: it was there when it was chosen.
  const fresh = last ? Math.min(unseen, await labelledSince(house.db, loop.endpoint, last.time - loop.project.monitor.labelDelay, now)) : unseen;
  const before = champion.training.rows + (unseen - fresh);
  const evidence = { rows: before + fresh, unseen, before };
  if (fresh / before >= growth) {
    return { kind: "data", message: `${before + fresh} labelled rows are there for version ${champion.version}, ${Math.round((fresh / before) * 100)} % more than at the last attempt`, evidence: { ...evidence, growth } };
  }
  const { interval } = nextComparison(loop, retrainingsOf(decisions));
  const waited = (now - (last?.time ?? loop.startedAt)) / window;
  if (waited < interval) return undefined;
  return {
    kind: "data",
    message: `${unseen} labelled rows came that version ${champion.version} has not seen, and by what the last comparison brought the next pays after ${interval.toFixed(0)} windows`,
    evidence: { ...evidence, interval, waited, cost },
  };
}
