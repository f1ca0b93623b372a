import { moment, table } from "../cli/table.ts";
import { isoDate } from "../clock.ts";
import { sightText } from "../monitoring/performance/sight-text.ts";
import type { Sight } from "../monitoring/performance/sight.ts";
import type { LoopSums } from "./retrainings/loop-sums.ts";
import { outcomeNames } from "./retrainings/outcome-names.ts";
import type { CandidateComparison, ComparedCandidate, Retraining } from "./retrainings/types.ts";
import type { Tick } from "./store.ts";
import type { Loop, Rollout } from "./types.ts";

interface LoopState {
  readonly loop: Loop;
  readonly tick: Tick | null;
  readonly rollouts: readonly Rollout[];
  readonly resting: string | null;
  readonly sight: Sight | null;
  readonly sums: LoopSums;
  /** Those to show, oldest first. */
  readonly retrainings: readonly Retraining[];
}

/** A loop for the terminal: where it stands, its sums, its latest retrainings, and the candidates of the last one. */
export function describeLoop({ loop, tick, rollouts, resting, sight, sums, retrainings }: LoopState): string {
  const canary = rollouts.find(({ state }) => state === "canary");
  const compared = retrainings.findLast(({ comparison }) => comparison !== null);
  const rows = retrainings.map(({ time, alarm, comparison, sureness, outcome, atOnce }) => {
    const best = comparison?.candidates.find((one) => one.best);
    return [
      isoDate(time),
      typeof alarm.evidence["kind"] === "string" ? alarm.evidence["kind"] : "",
      best?.name ?? "",
      comparison === null ? "" : String(comparison.yardstick),
      sureness === null ? "" : percent(sureness),
      comparison?.gain == null ? "" : percent(comparison.gain),
      comparison?.fits == null ? "" : String(comparison.fits),
      `${outcomeNames[outcome]}${atOnce ? " at once" : ""}`,
    ];
  });
  return [
    `${loop.endpoint} is watched since ${isoDate(loop.startedAt)}; ${tick === null ? "its loop has not turned yet" : `its loop turned last at ${moment(tick.time)} UTC`}.`,
    ...(resting === null ? [] : [`${resting}.`]),
    ...(canary ? [`Version ${canary.challengerVersion} is a canary beside version ${canary.championVersion} since ${isoDate(canary.startedAt)}.`] : []),
    "",
    ...(sight === null ? [] : [`${sightText(sight)}.`, ""]),
    ...sumsInWords(sums),
    "",
    table(["day", "began by", "best candidate", "compared on", "better with", "gain", "models", "outcome"], rows, `No retraining yet; one begins on ${loop.project.retrain.on.join(" or ")} (retrain.on). \`millrace replay FILE.yaml\` shows what a loop would have done on a table with a time column.`),
    ...(compared?.comparison ? ["", `The retraining of ${isoDate(compared.time)} began because ${compared.alarm.reason}.`, "", candidates(compared.comparison)] : []),
  ].join("\n");
}

function sumsInWords(sums: LoopSums): string[] {
  const { retrainings, broughtNothing, promotions, fits, fitsUnknown, gain, cost, paid, budget, saved, allowedAt, next, until } = sums;
  const held = saved < 1 ? `; the next one is allowed on ${isoDate(allowedAt)}` : "";
  return [
    `${retrainings} retrainings: ${promotions} promoted, ${broughtNothing} brought nothing; ${fits} models trained to compare${fitsUnknown === 0 ? "" : ` (not known of ${fitsUnknown} retrainings)`}`,
    `gains of the promoted ones: ${percent(gain)} of the loss, summed; price of all: ${paid.toPrecision(3)} windows' loss (retrain.cost ${cost} each)`,
    `budget: ${saved.toFixed(2)} retrainings saved up, ${budget} more a window (retrain.budget)${held}`,
    next === null
      ? "no comparison without an alarm: retrain.on does not name data"
      : `without an alarm the next comparison pays ${next.at <= until ? "now" : `from ${isoDate(next.at)} on`}, ${next.interval.toFixed(1)} windows after the last, if ${next.rows} labelled rows are there that the champion has not seen`,
  ];
}

function candidates({ candidates: all, championLoss, yardstick }: CandidateComparison): string {
  const rows = all.map(({ name, rows: trainedOn, difference, failed, best }: ComparedCandidate) => {
    const share = (value: number): string => (championLoss === null || championLoss === 0 ? value.toPrecision(4) : percent(value / championLoss));
    const shown = difference === null ? ["", `not compared: ${failed ?? "no reason was kept"}`] : [share(difference.mean), `${share(difference.low)} to ${share(difference.high)}`];
    return [`${name}${best ? " (best)" : ""}`, trainedOn === null ? "" : trainedOn, ...shown];
  });
  const unit = championLoss === null || championLoss === 0 ? "less loss" : "less loss (share of the champion's)";
  return table(["candidate", "trained on", unit, "95 % interval"], rows, `No candidate was trained: ${yardstick} labelled rows are too few to compare by.`);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
