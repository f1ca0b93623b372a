import { isoDate } from "../clock.ts";
import type { Loss } from "../monitoring/types.ts";
import type { CanaryEvidence, Rollout } from "./types.ts";

export interface CanaryVerdict {
  readonly state: "promoted" | "rolled_back";
  readonly reason: string;
}

/**
 * How a canary ends: promoted as soon as the interval of the paired difference lies above 0, rolled back as soon as it lies below; when the time is up
 * without either, the better live error decides. With fewer labels than it takes to tell, the challenger is not judged and the champion stays. Undefined
 * while it goes on.
 */
export function canaryVerdict(
  { championVersion, challengerVersion, startedAt }: Pick<Rollout, "championVersion" | "challengerVersion" | "startedAt">,
  { labels, championLoss, challengerLoss, difference, low, high }: CanaryEvidence,
  { loss, minLabels, timeIsUp }: { loss: Loss; minLabels: number; timeIsUp: boolean },
): CanaryVerdict | undefined {
  const [champion, challenger, since] = [`version ${championVersion}`, `version ${challengerVersion}`, isoDate(startedAt)];
  const enough = labels >= minLabels;
  const sure = enough && (low > 0 || high < 0);
  if (!sure && !timeIsUp) return undefined;
  if (!enough) {
    return {
      state: "rolled_back",
      reason: `${challenger} is not judged: time is up, and labels came for ${labels} of the requests since ${since}, where judging takes ${minLabels} (deploy.min_labels); ${champion} keeps the traffic`,
    };
  }
  const promote = difference > 0;
  return {
    state: promote ? "promoted" : "rolled_back",
    reason:
      `live ${loss} of ${challenger} was ${format(challengerLoss)} against ${format(championLoss)} of ${champion} on the same ${labels} labelled requests since ${since} ` +
      `(${sure ? "the interval of the paired difference leaves 0 out" : "time is up, the better mean decides"}): ${challenger} ${promote ? "takes all traffic" : "is rolled back"}`,
  };
}

const format = (value: number): string => value.toPrecision(4);
