import { Pairs } from "../../ui/facts.tsx";
import { count, formatNumber, formatPercent } from "../../ui/format.ts";
import type { Retraining } from "../retrainings/types.ts";
import { CandidateTable } from "./candidate-table.tsx";
import { DecisionList } from "./decision-list.tsx";
import { whyItBegan } from "./why-it-began.ts";

/** All that is known of a retraining: why it began, how the candidates did, what is believed, what came of it. */
export function RetrainingDetails({ retraining, endpoint }: { retraining: Retraining; endpoint: string }) {
  const { alarm, comparison, followed, time } = retraining;
  const why = whyItBegan(alarm);
  return (
    <div className="stack">
      <h3>Why it began</h3>
      <p>{alarm.reason}.</p>
      {why.length > 0 ? <Pairs values={why} /> : null}
      <h3>The comparison</h3>
      {comparison === null ? (
        <p className="muted">
          {followed.length === 0 ? "It goes on: candidates are compared once they are trained; Pipelines shows how far it is." : "No comparison is kept of it: it ended before one, or an earlier version of Millrace made it. Its pipeline run has the steps."}
        </p>
      ) : comparison.candidates.length === 0 ? (
        <p className="muted">There were {count(comparison.yardstick, "labelled row")}, too few to compare by; the loop tries again when more labels have come.</p>
      ) : (
        <>
          <p className="small muted">
            On the {count(comparison.yardstick, "newest labelled row")} that {championOf(retraining)} had not seen; the same rows for all, so the difference is paired.
          </p>
          <CandidateTable comparison={comparison} endpoint={endpoint} on={time} />
        </>
      )}
      <Belief retraining={retraining} />
      {followed.length > 0 ? (
        <>
          <h3>What came of it</h3>
          <DecisionList decisions={followed} />
        </>
      ) : null}
    </div>
  );
}

function Belief({ retraining: { comparison, sureness, worth, followed } }: { retraining: Retraining }) {
  const canary = followed.some(({ kind }) => kind === "canary_started") && followed.length > 1;
  const values: (readonly [string, string])[] = [
    ...(comparison?.sureness != null ? [["Better, by the comparison", `with a probability of ${probability(comparison.sureness)}`] as const] : []),
    ...(canary && sureness !== null ? [["After the canary", `with a probability of ${probability(sureness)}`] as const] : []),
    ...(comparison?.gain != null && comparison.candidates.length > 0 ? [["Gain that is sure enough", `${formatPercent(comparison.gain)} of the champion’s loss`] as const] : []),
    ...(worth ? [["One more look", `would save ${formatNumber(worth.gain)} and cost ${formatNumber(worth.price)}`] as const] : []),
    ...(comparison?.fits != null && comparison.candidates.length > 0 ? [["Models trained", formatNumber(comparison.fits)] as const] : []),
  ];
  if (values.length === 0) return null;
  return (
    <>
      <h3>What is believed</h3>
      <Pairs values={values} />
      {worth ? <p className="small muted">A look is at the labels of the next window of a canary: what they are expected to save over the 56 windows a decision holds for, and what the worse version costs until then, in summed loss.</p> : null}
    </>
  );
}

const championOf = ({ alarm: { evidence } }: Retraining): string => (typeof evidence["champion"] === "number" ? `version ${evidence["champion"]}` : "the champion");

/** Nothing is certain by statistics: not rounded to 100 %. */
const probability = (value: number): string => (value > 0.999 ? "more than 99.9\u00a0%" : value < 0.001 ? "less than 0.1\u00a0%" : `${(100 * value).toFixed(1)}\u00a0%`);
