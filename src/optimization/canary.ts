import { errorOf, lossOf } from "../monitoring/error-sums.ts";
import { labelledPredictions } from "../monitoring/prediction-log.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import { moveAlias, removeAlias } from "../registry/aliases.ts";
import { deploy } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import { canaryVerdict, type CanaryVerdict } from "./canary-verdict.ts";
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
  const rollout = newRollout(loop, versions, time);
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

/** Ends a canary when the evidence is in (`canary-verdict.ts`). Returns whether it ended. */
export async function judgeCanary(house: House, loop: Loop, config: MonitorConfig, rollout: Rollout, now: number): Promise<boolean> {
  const evidence = await canaryEvidence(house, loop, config, rollout, now);
  const { minLabels, maxDuration } = loop.project.deploy;
  const timeIsUp = now - rollout.startedAt >= maxDuration + config.labelDelay;
  const verdict = canaryVerdict(rollout, evidence, { loss: lossOf(config.task), minLabels, timeIsUp });
  if (verdict === undefined) return false;
  await settle(house, loop, config, rollout, { ...verdict, time: now, evidence: { ...evidence }, pipelineRunId: null });
  return true;
}

/** Ends the canary of an endpoint that is not deployed any more, which deploys nothing. */
export async function abandonCanary(house: House, rollout: Rollout, time: number): Promise<void> {
  const { endpoint, challengerVersion } = rollout;
  const reason = `${endpoint} is not deployed any more, so the canary of version ${challengerVersion} is over`;
  await transact(house.db, (transaction) => close(transaction, rollout, { state: "rolled_back", time, reason, evidence: { challenger: challengerVersion }, pipelineRunId: null }));
  await house.events.emit({ name: "optimization.challenger_rolled_back", time, payload: { ...rollout, reason } });
}

/** Gives a challenger all the traffic without a canary, as `deploy.strategy: immediate` asks; the gate was its only judge. */
export async function promoteAtOnce(
  house: House,
  loop: Loop,
  config: MonitorConfig,
  versions: { champion: number; challenger: number },
  time: number,
  pipelineRunId: string,
): Promise<void> {
  const reason = `version ${versions.challenger} passed the gate and takes all traffic from version ${versions.champion} (deploy.strategy: immediate)`;
  const rollout = newRollout(loop, versions, time);
  await settle(house, loop, config, rollout, { state: "promoted", time, reason, evidence: { ...versions }, pipelineRunId });
}

const newRollout = (loop: Loop, versions: { champion: number; challenger: number }, time: number): Rollout => ({
  id: `${loop.endpoint}/${time}`,
  endpoint: loop.endpoint,
  championVersion: versions.champion,
  challengerVersion: versions.challenger,
  startedAt: time,
  state: "canary",
  decidedAt: null,
});

/** How a rollout ended, and why. */
interface Verdict extends CanaryVerdict {
  readonly time: number;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly pipelineRunId: string | null;
}

/** Writes down that a rollout ended: the rollout itself, the challenger's alias, the decision. */
async function close(transaction: Database, { id, endpoint }: Rollout, { state, time, reason, evidence, pipelineRunId }: Verdict): Promise<void> {
  await decideRollout(transaction, id, state, time);
  await removeAlias(transaction, { model: endpoint, alias: "challenger", time, actor: "loop", reason });
  await recordDecision(transaction, { endpoint, time, kind: state, reason, evidence, pipelineRunId });
}

/** Ends a rollout: traffic, aliases, the rollout itself and the decision change together. */
async function settle(
  house: House,
  loop: Loop,
  config: MonitorConfig,
  rollout: Rollout,
  verdict: Verdict,
): Promise<void> {
  const { state, time, reason, evidence } = verdict;
  const { endpoint } = loop;
  const promoted = state === "promoted";
  const winner = promoted ? rollout.challengerVersion : rollout.championVersion;
  const reference = promoted ? { reference: await nextReference(house, loop, config, rollout.championVersion, rollout.challengerVersion) } : {};
  await deploy(
    house,
    { endpoint, salt: rollout.id, variants: [{ name: "champion", version: winner, weight: 1, shadow: false }], time, actor: "loop", reason },
    async (transaction) => {
      await insertRollout(transaction, rollout);
      await close(transaction, rollout, { ...verdict, evidence: { ...evidence, ...reference } });
      if (promoted) await moveAlias(transaction, { model: endpoint, alias: "champion", version: winner, time, actor: "loop", reason });
    },
  );
  await house.events.emit({ name: `optimization.challenger_${state}`, time, payload: { ...rollout, reason } });
}

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
