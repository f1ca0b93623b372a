import { comparisonInterval, retrainingsSaved } from "../economy.ts";
import type { Loop } from "../types.ts";
import type { Retraining } from "./types.ts";

/** What a loop's retrainings brought and cost in all, and when the next one may come. */
export interface LoopSums {
  /** Up to when, ms: the loop's last turn. */
  readonly until: number;
  readonly retrainings: number;
  /** Models trained to compare; a challenger that goes on is trained once more on all its rows (`train.refit`). */
  readonly fits: number;
  /** Retrainings of before models were counted, or that came to no comparison. */
  readonly fitsUnknown: number;
  readonly promotions: number;
  /** Retrainings that ended without a promotion. */
  readonly broughtNothing: number;
  /** What the promoted ones had gained in their comparisons, summed; shares of the loss. */
  readonly gain: number;
  /** What a training may cost, and all of them did by that, in the error of one window. */
  readonly cost: number;
  readonly paid: number;
  /** Retrainings per window in the long run; how many are saved up; when there is one again (ms; now where there is). */
  readonly budget: number;
  readonly saved: number;
  readonly allowedAt: number;
  /** When the next comparison pays that no alarm asks for; null where `retrain.on` does not name `data`. */
  readonly next: NextComparison | null;
}

export interface NextComparison {
  /** Windows from the last retraining (or the loop's start) on. */
  readonly interval: number;
  /** When they are over, ms; in the past where only labelled rows, the budget or a canary hold it back. */
  readonly at: number;
  /** Labelled rows that the champion has not seen must there be. */
  readonly rows: number;
}

/** Fewer labelled rows that the champion has not seen are nothing to compare by, without an alarm. */
export const fewestUnseen = 24;

/** What retrainings may cost and how many may be made, where a project of before does not say. */
const economyOf = ({ project: { retrain } }: Loop): { readonly cost: number; readonly budget: number } => ({ cost: retrain.cost ?? 0.3, budget: retrain.budget ?? 0.25 });

/** How many retrainings the budget allows at a time. */
export const savedAt = (loop: Loop, retrainings: readonly Pick<Retraining, "time">[], now: number): number =>
  retrainingsSaved(retrainings.map(({ time }) => time), loop.startedAt, now, loop.project.monitor.window, economyOf(loop).budget);

/** When a comparison pays by what the earlier ones brought (`economy.ts`). */
export function nextComparison(loop: Loop, retrainings: readonly Retraining[]): NextComparison {
  const { window } = loop.project.monitor;
  const comparisons = retrainings.map(({ time, comparison }) => ({ time, gain: comparison?.gain ?? null }));
  const interval = comparisonInterval(comparisons, loop.startedAt, window, economyOf(loop).cost, Math.max(1, loop.project.retrain.cooldown / window));
  return { interval, at: (retrainings.at(-1)?.time ?? loop.startedAt) + interval * window, rows: fewestUnseen };
}

/** @param now the loop's own time, ms: its last turn */
export function loopSums(loop: Loop, retrainings: readonly Retraining[], now: number): LoopSums {
  const { cost, budget } = economyOf(loop);
  const promoted = retrainings.filter(({ outcome }) => outcome === "promoted");
  const counted = retrainings.flatMap(({ comparison }) => comparison?.fits ?? []);
  const saved = savedAt(loop, retrainings, now);
  return {
    until: now,
    retrainings: retrainings.length,
    fits: counted.reduce((sum, fits) => sum + fits, 0),
    fitsUnknown: retrainings.length - counted.length,
    promotions: promoted.length,
    broughtNothing: retrainings.filter(({ outcome }) => !["promoted", "canary", "open"].includes(outcome)).length,
    gain: promoted.reduce((sum, { comparison }) => sum + (comparison?.gain ?? 0), 0),
    cost,
    paid: retrainings.length * cost,
    budget,
    saved,
    allowedAt: now + Math.max(0, (1 - saved) / budget) * loop.project.monitor.window,
    next: loop.project.retrain.on.includes("data") ? nextComparison(loop, retrainings) : null,
  };
}
