import { isoDate } from "../clock.ts";
import { errorOf, lossOf } from "../monitoring/error-sums.ts";
import { labelledPredictions } from "../monitoring/prediction-log.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import { moveAlias } from "../registry/registry.ts";
import { deploy } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { confidenceSequence } from "./confidence-sequence.ts";
import { nextReference } from "./expectation.ts";
import { decideRollout, insertRollout, recordDecision } from "./store.ts";
import type { CanaryEvidence, Loop, Rollout } from "./types.ts";

/** Gives a challenger its share of the traffic; both variants also score, in the shadow, what the other answers. */
export async function startCanary(
  house: House,
  loop: Loop,
  versions: { champion: number; challenger: number },
  time: number,
  pipelineRunId: string,
): Promise<void> {
  const { share } = loop.project.deploy;
  const reason = `version ${versions.challenger} passed the gate and gets ${percent(share)} of the traffic, version ${versions.champion} keeps the rest`;
  const rollout: Rollout = {
    id: `${loop.endpoint}/${time}`,
    endpoint: loop.endpoint,
    championVersion: versions.champion,
    challengerVersion: versions.challenger,
    startedAt: time,
    state: "canary",
    decidedAt: null,
  };
  await deploy(
    house,
    {
      endpoint: loop.endpoint,
      salt: rollout.id,
      variants: [
        { name: "champion", version: versions.champion, weight: 1 - share, shadow: true },
        { name: "challenger", version: versions.challenger, weight: share, shadow: true },
      ],
      time,
      actor: "loop",
      reason,
    },
    async (transaction) => {
      await insertRollout(transaction, rollout);
      await moveAlias(transaction, { model: loop.endpoint, alias: "challenger", version: versions.challenger, time, actor: "loop", reason });
      await recordDecision(transaction, {
        endpoint: loop.endpoint,
        time,
        kind: "canary_started",
        reason,
        evidence: { ...versions, share },
        pipelineRunId,
      });
    },
  );
}

/**
 * Compares both variants on every labelled request since the canary began. The differences are paired (each request was scored by
 * both), which takes the ease or difficulty of the request out of the comparison.
 */
export async function canaryEvidence(house: House, loop: Loop, config: MonitorConfig, rollout: Rollout, now: number): Promise<CanaryEvidence> {
  const predictions = await labelledPredictions(house, loop.endpoint, { from: rollout.startedAt, until: now }, now);
  const pairs = new Map<string, { champion?: number; challenger?: number }>();
  for (const prediction of predictions) {
    const key = `${prediction.requestId} ${prediction.rowIndex}`;
    const pair = pairs.get(key) ?? {};
    if (prediction.version === rollout.championVersion) pair.champion = errorOf(config.task, prediction).loss;
    if (prediction.version === rollout.challengerVersion) pair.challenger = errorOf(config.task, prediction).loss;
    pairs.set(key, pair);
  }
  const complete = [...pairs.values()].filter((pair): pair is { champion: number; challenger: number } => pair.champion !== undefined && pair.challenger !== undefined);
  const n = complete.length;
  const mean = (of: (pair: { champion: number; challenger: number }) => number): number => complete.reduce((sum, pair) => sum + of(pair), 0) / Math.max(1, n);
  const [champion, challenger] = [mean((pair) => pair.champion), mean((pair) => pair.challenger)];
  const difference = champion - challenger;
  const sigma = Math.sqrt(mean((pair) => (pair.champion - pair.challenger - difference) ** 2));
  const { alpha, minLabels } = loop.project.deploy;
  const halfWidth = n < 2 ? Number.MAX_VALUE : confidenceSequence(n, sigma, alpha, Math.max(2 * minLabels, 2));
  const asMetric = (loss: number): number => (config.task === "regression" ? Math.sqrt(loss) : loss);
  return {
    labels: n,
    championLoss: asMetric(champion),
    challengerLoss: asMetric(challenger),
    difference,
    low: difference - halfWidth,
    high: difference + halfWidth,
  };
}

/**
 * Ends a canary when the evidence is in: promoted as soon as the interval lies above 0, rolled back as soon as it lies below; when the
 * time is up without either, the better live error decides, and without enough labels to tell the champion stays. Returns whether it ended.
 */
export async function judgeCanary(house: House, loop: Loop, config: MonitorConfig, rollout: Rollout, now: number): Promise<boolean> {
  const evidence = await canaryEvidence(house, loop, config, rollout, now);
  const { minLabels, maxDuration } = loop.project.deploy;
  const late = now - rollout.startedAt >= maxDuration + config.labelDelay;
  const enough = evidence.labels >= minLabels;
  const sure = enough && (evidence.low > 0 || evidence.high < 0);
  if (!sure && !late) return false;
  const promote = enough && evidence.difference > 0;
  const why = sure ? "the interval of the paired difference leaves 0 out" : enough ? "time is up, the better mean decides" : `time is up with fewer than the ${minLabels} labels it takes to judge`;
  const loss = lossOf(config.task);
  const [winner, state] = promote ? [rollout.challengerVersion, "promoted" as const] : [rollout.championVersion, "rolled_back" as const];
  const reason =
    `live ${loss} of version ${rollout.challengerVersion} was ${format(evidence.challengerLoss)} against ${format(evidence.championLoss)} of version ` +
    `${rollout.championVersion} on the same ${evidence.labels} labelled requests since ${isoDate(rollout.startedAt)} (${why}): ` +
    (promote ? `version ${winner} takes all traffic` : `version ${rollout.challengerVersion} is rolled back`);
  const reference = promote ? await nextReference(house, loop, config, rollout.championVersion, rollout.challengerVersion) : undefined;
  await deploy(
    house,
    {
      endpoint: loop.endpoint,
      salt: rollout.id,
      variants: [{ name: "champion", version: winner, weight: 1, shadow: false }],
      time: now,
      actor: "loop",
      reason,
    },
    async (transaction) => {
      await decideRollout(transaction, rollout.id, state, now);
      if (promote) await moveAlias(transaction, { model: loop.endpoint, alias: "champion", version: winner, time: now, actor: "loop", reason });
      await recordDecision(transaction, { endpoint: loop.endpoint, time: now, kind: state, reason, evidence: { ...evidence, ...(reference === undefined ? {} : { reference }) }, pipelineRunId: null });
    },
  );
  await house.events.emit({ name: `optimization.challenger_${state}`, time: now, payload: { ...rollout, reason } });
  return true;
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

const format = (loss: number): string => loss.toPrecision(4);
