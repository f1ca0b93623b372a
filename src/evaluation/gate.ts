import type { MetricRule } from "../project/project.ts";
import { higherIsBetter, lossName } from "./metrics.ts";
import { shortNumber as number } from "./short-number.ts";
import { championText, type Evaluation } from "./types.ts";

export interface GateCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly reason: string;
}

/** The name of the check that a challenger is not shown to be worse than the champion, after the loss it is made on. */
export const notWorseThanChampion = "not_worse_than_champion";

/** The verdict over an evaluation: a model goes on only if every check passes. */
export interface GateVerdict {
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
}

/**
 * Holds an evaluation to a project's rules. Whatever the rules say, a model must beat the naive predictor, and a challenger must not be
 * shown to be worse than the champion: the interval of their difference on the same held-out rows must not lie on the champion's side.
 * (Held-out recent rows are few; a challenger that is only unlucky on them is for the canary to judge.)
 *
 * @param options `challenger`: it was chosen because it is better than the champion; that it is worse than the naive predictor, on rows of changed times, does
 *   not keep a worse champion in place
 * @returns one check per rule; a rule on a metric that this task does not have fails, and says which there are
 */
export function judge(evaluation: Evaluation, rules: Readonly<Record<string, MetricRule>>, { challenger = false } = {}): GateVerdict {
  const loss = lossName(evaluation.task);
  const all: Record<string, MetricRule> = challenger
    ? Object.fromEntries(Object.entries(rules).map(([metric, rule]) => [metric, { ...rule, better_than_naive: undefined }]))
    : { ...rules, [loss]: { better_than_naive: 0, ...rules[loss] } };
  const checks = Object.entries(all).flatMap(([metric, rule]) => checkMetric(evaluation, metric, rule));
  if (evaluation.champion) checks.push(notWorse(loss, evaluation.metrics[loss].value, evaluation.champion));
  if (evaluation.notCompared !== null) checks.push({ name: `${loss}.${notWorseThanChampion}`, passed: true, reason: `not judged: ${evaluation.notCompared}` });
  return { passed: checks.every((check) => check.passed), checks };
}

function notWorse(loss: string, value: number, champion: NonNullable<Evaluation["champion"]>): GateCheck {
  const { loss: championLoss, difference } = champion;
  const passed = difference.high >= 0;
  return {
    name: `${loss}.${notWorseThanChampion}`,
    passed,
    reason: `${loss} ${number(value)} against ${number(championLoss)} of ${championText(champion)}; ${champion.name ?? "the champion"}'s minus this model's is ${number(difference.value)} (${number(difference.low)} to ${number(difference.high)})${passed ? "" : ", so this model is worse"}`,
  };
}

function checkMetric(evaluation: Evaluation, metric: string, rule: MetricRule): GateCheck[] {
  const measured = evaluation.metrics[metric];
  if (!measured) return [{ name: metric, passed: false, reason: `there is no metric ${metric} here; there are ${Object.keys(evaluation.metrics).join(", ")}` }];
  const shown = `${metric} ${number(measured.value)} (95 % interval ${number(measured.low)} to ${number(measured.high)})`;
  const checks: GateCheck[] = [];
  if (rule.max !== undefined) checks.push({ name: `${metric}.max`, passed: measured.value <= rule.max, reason: `${shown} ${measured.value <= rule.max ? "is within" : "is above"} the limit of ${rule.max}` });
  if (rule.min !== undefined) checks.push({ name: `${metric}.min`, passed: measured.value >= rule.min, reason: `${shown} ${measured.value >= rule.min ? "reaches" : "is below"} the ${rule.min} asked for` });
  const compare = (name: string, other: number | undefined, asked: number | undefined, who: string): void => {
    if (asked === undefined || other === undefined) return;
    const better = higherIsBetter(metric) ? measured.value - other : other - measured.value;
    const passed = better >= asked * Math.abs(other);
    const gain = other === 0 ? (better < 0 ? "worse" : "no worse") : `${percent(better / Math.abs(other))} ${better >= 0 ? "better" : "worse"}`;
    checks.push({ name: `${metric}.${name}`, passed, reason: `${shown} against ${number(other)} of ${who}: ${gain}${asked === 0 ? "" : `, asked for were ${percent(asked)}`}` });
  };
  compare("better_than_naive", evaluation.naive[metric], rule.better_than_naive, "the naive predictor");
  compare("better_than_champion", evaluation.champion?.metrics[metric], rule.better_than_champion, evaluation.champion ? championText(evaluation.champion) : "the champion");
  return checks;
}

const percent = (share: number): string => `${(Math.abs(share) * 100).toFixed(1)} %`;
