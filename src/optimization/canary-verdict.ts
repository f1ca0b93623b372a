import { isoDate } from "../clock.ts";
import type { Loss } from "../monitoring/types.ts";
import { surenessOf, type Belief, type worthOfLook } from "./expected-regret.ts";
import type { CanaryEvidence, Rollout } from "./types.ts";

export interface CanaryVerdict {
  readonly state: "promoted" | "rolled_back";
  readonly reason: string;
}

/** What is known of a canary: the live comparison, and what is believed with the comparison before it. */
export interface Judged extends CanaryEvidence {
  readonly belief: Belief;
  readonly worth: ReturnType<typeof worthOfLook>;
  /** What the challenger is expected to lose per prediction when the change passes that it was chosen after; 0 where it would lose nothing. */
  readonly passing: number;
}

/**
 * How a canary ends: as soon as the labels to come are expected to save less than the worse version costs until then (`expected-regret.ts`), or the interval of
 * the paired difference leaves 0 out, or the time that was set is up; the version that is believed to be better takes the traffic. Without as many labels as
 * the project asks for, or any at all, the challenger is not judged and the champion stays. Undefined while it goes on.
 */
export function canaryVerdict(
  { championVersion, challengerVersion, startedAt }: Pick<Rollout, "championVersion" | "challengerVersion" | "startedAt">,
  { labels, championLoss, challengerLoss, low, high, belief, worth, passing }: Judged,
  { loss, minLabels, timeIsUp }: { loss: Loss; minLabels: number; timeIsUp: boolean },
): CanaryVerdict | undefined {
  const [champion, challenger, since] = [`version ${championVersion}`, `version ${challengerVersion}`, isoDate(startedAt)];
  const needed = Math.max(1, minLabels);
  const enough = labels >= needed;
  const apart = low > passing || high < 0;
  const decided = enough && (apart || worth.gain <= worth.price);
  if (!decided && !timeIsUp) return undefined;
  if (!enough) {
    return {
      state: "rolled_back",
      reason: `${challenger} is not judged: time is up, and labels came for ${labels} of the requests since ${since}, where judging takes ${needed} (deploy.min_labels); ${champion} keeps the traffic`,
    };
  }
  // What live requests show for sure holds whatever was believed before.
  const promote = low > passing || (high >= 0 && belief.mean > 0);
  const why = apart ? "the interval of the paired difference leaves 0 out" : worth.gain <= worth.price ? "more labels would cost more than they can save" : "time is up";
  return {
    state: promote ? "promoted" : "rolled_back",
    reason:
      `live ${loss} of ${challenger} was ${format(challengerLoss)} against ${format(championLoss)} of ${champion} on the same ${labels} labelled requests since ${since}; ` +
      `${passing > 0 ? "counting what it would lose when the change passes, and " : ""}with the comparison before, ${challenger} is better with a probability of ${(100 * surenessOf(belief)).toFixed(1)} % (${why}): ${challenger} ${promote ? "takes all traffic" : "is rolled back"}`,
  };
}

const format = (value: number): string => value.toPrecision(4);
