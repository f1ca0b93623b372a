import { asMetric, errorOf, lossOf } from "../monitoring/error-sums.ts";
import { labelledPredictions } from "../monitoring/prediction-log.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import { moveAlias, removeAlias } from "../registry/aliases.ts";
import { deploy } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import { canaryVerdict, type CanaryVerdict } from "./canary-verdict.ts";
import type { Choice } from "./candidates/choose-step.ts";
import { lossOfReturn } from "./candidates/passing-changes.ts";
import { pairedDifference, type PairedDifference } from "./candidates/paired-difference.ts";
import { confidenceSequence } from "./confidence-sequence.ts";
import { nextReference } from "./expectation.ts";
import { horizonWindows, learnAnew, surenessOf, worthOfLook, type Belief } from "./expected-regret.ts";
import type { Worth } from "./retrainings/types.ts";
import { decideRollout, insertRollout, readDecisions, recordDecision } from "./store.ts";
import type { CanaryEvidence, Decision, Loop, Rollout } from "./types.ts";
import { windowTraffic } from "./window-traffic.ts";

/** The versions of a rollout, and what was found by comparing them before it. */
export interface Challenge {
  readonly champion: number;
  readonly challenger: number;
  readonly choice: Choice;
}

/**
 * Puts a challenger against the champion. Where the comparison that it comes from is so sure that a canary would cost more than it can save, the challenger
 * takes all traffic at once; so it does with `deploy.strategy: immediate`. Returns the share of the traffic it got.
 */
export async function beginRollout(house: House, loop: Loop, config: MonitorConfig, challenge: Challenge, time: number, pipelineRunId: string): Promise<number> {
  const { champion, challenger, choice } = challenge;
  const { strategy, minLabels, share } = loop.project.deploy;
  const asked = `version ${challenger} is better than version ${champion} on the ${choice.yardstick} newest labelled rows`;
  if (strategy === "immediate") {
    await promoteAtOnce(house, loop, config, challenge, time, pipelineRunId, `${asked} and takes all traffic (deploy.strategy: immediate)`);
    return 1;
  }
  const { belief, candidates } = choice;
  const variance = candidates[0]?.difference?.variance;
  let worth: Worth | undefined;
  if (minLabels === 0 && belief && variance !== undefined) {
    const { predictions, labels } = await windowTraffic(house, config);
    worth = worthOfLook(belief, { horizon: horizonWindows * predictions, next: labels, variance, wait: predictions * (1 + config.labelDelay / config.window), share });
    if (worth.gain <= worth.price) {
      await promoteAtOnce(house, loop, config, challenge, time, pipelineRunId, `${asked} with a probability of ${sure(belief)}, so a canary would cost more than it can save: version ${challenger} takes all traffic`, worth);
      return 1;
    }
  }
  await startCanary(house, loop, challenge, time, pipelineRunId, worth);
  return share;
}

const sure = (belief: Belief): string => `${(100 * surenessOf(belief)).toFixed(1)} %`;

/** Gives a challenger its share of the traffic; both variants also score, in the shadow, what the other answers. */
async function startCanary(house: House, loop: Loop, { choice, ...versions }: Challenge, time: number, pipelineRunId: string, worth: Worth | undefined): Promise<void> {
  const { share } = loop.project.deploy;
  const reason = `version ${versions.challenger} is better on the ${choice.yardstick} newest labelled rows${choice.belief ? ` with a probability of ${sure(choice.belief)}` : ""} and gets ${percent(share)} of the traffic, version ${versions.champion} keeps the rest`;
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
        evidence: { ...versions, share, ...compared(choice), ...(worth && { worth }) },
        pipelineRunId,
      });
    },
  );
}

/**
 * Compares both variants on every labelled request since the canary began. The differences are paired (each request was scored by
 * both), which takes the ease or difficulty of the request out of the comparison.
 */
async function canaryEvidence(house: House, loop: Loop, config: MonitorConfig, rollout: Rollout, now: number): Promise<CanaryEvidence & { readonly paired: PairedDifference }> {
  const predictions = await labelledPredictions(house, loop.endpoint, { from: rollout.startedAt, until: now }, now);
  const pairs = new Map<string, { readonly window: number; champion?: number; challenger?: number }>();
  for (const prediction of predictions) {
    const key = `${prediction.requestId} ${prediction.rowIndex}`;
    const pair = pairs.get(key) ?? { window: Math.floor(prediction.eventTime / config.window) };
    if (prediction.version === rollout.championVersion) pair.champion = errorOf(config.task, prediction).loss;
    if (prediction.version === rollout.challengerVersion) pair.challenger = errorOf(config.task, prediction).loss;
    pairs.set(key, pair);
  }
  const complete = [...pairs.values()].filter((pair): pair is { window: number; champion: number; challenger: number } => pair.champion !== undefined && pair.challenger !== undefined);
  const n = complete.length;
  const mean = (of: (pair: { champion: number; challenger: number }) => number): number => complete.reduce((sum, pair) => sum + of(pair), 0) / Math.max(1, n);
  const [champion, challenger] = [mean((pair) => pair.champion), mean((pair) => pair.challenger)];
  const difference = champion - challenger;
  const sigma = Math.sqrt(mean((pair) => (pair.champion - pair.challenger - difference) ** 2));
  const { alpha, minLabels } = loop.project.deploy;
  const halfWidth = n < 2 ? Number.MAX_VALUE : confidenceSequence(n, sigma, alpha, Math.max(2 * minLabels, 48));
  const paired = pairedDifference(complete.map((pair) => pair.champion - pair.challenger), complete.map(({ window }) => window));
  return {
    labels: n,
    championLoss: asMetric(config.task, champion),
    challengerLoss: asMetric(config.task, challenger),
    difference,
    low: difference - halfWidth,
    high: difference + halfWidth,
    paired,
  };
}

/**
 * Ends a canary when going on costs more than it can save (`canary-verdict.ts`): what the comparison before it showed is the prior, the labelled requests since
 * are what is learnt. Returns whether it ended.
 */
export async function judgeCanary(house: House, loop: Loop, config: MonitorConfig, rollout: Rollout, now: number): Promise<boolean> {
  const { paired, ...evidence } = await canaryEvidence(house, loop, config, rollout, now);
  const started = (await readDecisions(house.db, loop.endpoint, { kinds: ["canary_started"], from: rollout.startedAt })).find(({ time }) => time === rollout.startedAt);
  const prior = (started?.evidence["belief"] as Belief | undefined) ?? { mean: 0, sd: 0.1 * Math.max(lossOfSums(config, evidence.championLoss), 1e-9) };
  const passing = passingOf(started, config, now);
  const variance = withLent(paired, started);
  const belief = learnAnew(prior, { ...paired, mean: paired.mean - passing, variance });
  const { predictions, labels } = await windowTraffic(house, config);
  const { minLabels, maxDuration, share } = loop.project.deploy;
  const worth = worthOfLook(belief, { horizon: horizonWindows * predictions, next: labels, variance, wait: predictions, share });
  const timeIsUp = now - rollout.startedAt >= maxDuration + config.labelDelay;
  const verdict = canaryVerdict(rollout, { ...evidence, belief, worth, passing }, { loss: lossOf(config.task), minLabels, timeIsUp });
  if (verdict === undefined) return false;
  await settle(house, loop, config, rollout, { ...verdict, time: now, evidence: { ...evidence, belief, ...(passing > 0 && { passing }), sureness: surenessOf(belief), worth, ...(started && { from: started.evidence["from"], challenger: rollout.challengerVersion }) }, pipelineRunId: null });
  return true;
}

/** As many pairs of the comparison before are lent to the variance of the live ones, of which a few say little. */
const lentPairs = 5;

function withLent({ n, variance }: PairedDifference, started: Decision | undefined): number {
  const before = (started?.evidence as Partial<Pick<Choice, "candidates">> | undefined)?.candidates?.[0]?.difference?.variance;
  return before === undefined ? variance : (n * variance + lentPairs * before) / (n + lentPairs);
}

/** What the challenger would lose, per prediction while the change lasts, when the change passes after which it was chosen. */
function passingOf(started: Decision | undefined, config: MonitorConfig, now: number): number {
  const { changedAt, candidates } = (started?.evidence ?? {}) as Partial<Pick<Choice, "changedAt" | "candidates">>;
  if (typeof changedAt !== "number") return 0;
  return lossOfReturn(candidates?.[0]?.before?.mean ?? 0, (now - config.labelDelay - changedAt) / config.window, config);
}

/** A metric's value as the mean of the losses it is made from. */
const lossOfSums = ({ task }: MonitorConfig, metric: number): number => (task === "regression" ? metric ** 2 : metric);

/** What a comparison showed, as evidence of what follows from it. */
export const compared = (choice: Choice): Readonly<Record<string, unknown>> => ({
  yardstick: choice.yardstick,
  // Not by the name that the champion's live loss has, which it is held to.
  yardstickLoss: choice.championLoss,
  candidates: choice.candidates,
  gain: choice.gain,
  fits: choice.fits,
  from: choice.from,
  ...(choice.belief && { belief: choice.belief }),
  ...(choice.changedAt !== null && { changedAt: choice.changedAt }),
});

/** Ends the canary of an endpoint that is not deployed any more, which deploys nothing. */
export async function abandonCanary(house: House, rollout: Rollout, time: number): Promise<void> {
  const { endpoint, challengerVersion } = rollout;
  const reason = `${endpoint} is not deployed any more, so the canary of version ${challengerVersion} is over`;
  await transact(house.db, (transaction) => close(transaction, rollout, { state: "rolled_back", time, reason, evidence: { challenger: challengerVersion }, pipelineRunId: null }));
  await house.events.emit({ name: "optimization.challenger_rolled_back", time, payload: { ...rollout, reason } });
}

/** Ends the canary of an endpoint that somebody gives to a version of their choice, as a part of that change. */
export async function endCanary(transaction: Database, rollout: Rollout, time: number, reason: string): Promise<void> {
  await close(transaction, rollout, { state: "rolled_back", time, reason, evidence: { challenger: rollout.challengerVersion }, pipelineRunId: null });
}

/** Gives a challenger all the traffic without a canary; the comparison was its only judge. */
async function promoteAtOnce(house: House, loop: Loop, config: MonitorConfig, { choice, ...versions }: Challenge, time: number, pipelineRunId: string, reason: string, worth?: Worth): Promise<void> {
  const rollout = newRollout(loop, versions, time);
  const metric = (loss: number): number => asMetric(config.task, Math.max(0, loss));
  const best = choice.candidates[0]?.difference;
  const halfWidth = best ? 1.96 * Math.sqrt(best.variance / best.n) : 0;
  const shown = best && { labels: best.n, championLoss: metric(choice.championLoss), challengerLoss: metric(choice.championLoss - best.mean), difference: best.mean, low: best.mean - halfWidth, high: best.mean + halfWidth };
  await settle(house, loop, config, rollout, { state: "promoted", time, reason, evidence: { ...versions, ...compared(choice), ...shown, ...(choice.belief && { sureness: surenessOf(choice.belief) }), ...(worth && { worth }) }, pipelineRunId });
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
