import type { Candidate } from "./types.ts";

/** Another that loses no more than this many times as much does about as well, and is better to go on with: it is there already, or has learnt more than a slope and a level. */
const aboutAsGood = 1.25;

/** Standard errors by which the champion must be worse. */
const sure = 2;

/**
 * Candidates in order, the best first. What takes no training is shown beside the others and comes last, but where the champion is surely worse than it and nothing
 * that was trained does about as well now, or better counting what may pass: the champion recalibrated, or, where that does not do as well either, the naive predictor.
 *
 * @param worth how much less a candidate loses than the champion, per row, counting what it may lose later
 * @returns `chosenFrom`: how many of them the best one is the best of
 */
export function rank<C extends Candidate>(tried: readonly C[], worth: (candidate: C) => number, championLoss: number): { readonly ranked: C[]; readonly chosenFrom: number } {
  const sorted = tried.toSorted((a, b) => worth(b) - worth(a));
  const trained = sorted.filter(({ untrained }) => untrained === undefined);
  const nowOf = ({ difference }: C): number => difference?.mean ?? Number.NEGATIVE_INFINITY;
  const isClearlyBest = (one: C, others: readonly C[]): boolean =>
    one.difference !== null &&
    worth(one) > sure * Math.sqrt(one.difference.variance / one.difference.n) &&
    worth(one) >= Math.max(...others.map(worth)) &&
    aboutAsGood * (championLoss - nowOf(one)) < championLoss - Math.max(0, ...others.map(nowOf));
  const recalibrated = sorted.find(({ untrained }) => untrained === "recalibrated");
  const naive = sorted.find(({ untrained }) => untrained === "naive");
  const first = naive && isClearlyBest(naive, recalibrated ? [...trained, recalibrated] : trained) ? naive : recalibrated && isClearlyBest(recalibrated, trained) ? recalibrated : undefined;
  const last = sorted.filter((one) => one.untrained !== undefined && one !== first);
  return { ranked: [...(first ? [first] : []), ...trained, ...last], chosenFrom: trained.length + (first ? 1 : 0) };
}
