import { Facts } from "../../ui/facts.tsx";
import { formatDay, formatNumber, formatPercent } from "../../ui/format.ts";
import type { LoopSums } from "../retrainings/loop-sums.ts";

/** What the retrainings of a loop brought and cost in all, and when the next one may come. */
export function LoopSumsPanel({ sums }: { sums: LoopSums }) {
  const { retrainings, broughtNothing, promotions, fits, fitsUnknown, gain, cost, paid, budget, saved, allowedAt, next, until } = sums;
  return (
    <section className="panel" aria-label="What the loop brought and cost">
      <Facts
        facts={[
          { name: "Retrainings", value: formatNumber(retrainings), note: retrainings === 0 ? "none yet" : broughtNothing === 0 ? "none that ended brought nothing" : `${formatNumber(broughtNothing)} brought nothing` },
          { name: "Promotions", value: formatNumber(promotions), note: promotions === 0 ? "the first model still answers" : `gains of ${formatPercent(gain)} of the loss, summed` },
          { name: "Models trained", value: formatNumber(fits), note: `to compare${fitsUnknown === 0 ? "" : `; not known of ${formatNumber(fitsUnknown)} retrainings`}` },
          { name: "Price", value: `${formatNumber(Number(paid.toPrecision(4)))} windows’ loss`, note: `${formatNumber(cost)} each (retrain.cost)` },
          { name: "Budget", value: `${formatNumber(Math.floor(saved * 100) / 100)} saved up`, note: `${formatNumber(budget)} more a window${saved < 1 ? `; the next one is allowed on ${formatDay(allowedAt)}` : ""}` },
          next === null
            ? { name: "Next comparison", value: "on an alarm", note: "retrain.on does not name data" }
            : { name: "Next comparison", value: next.at <= until ? "pays now" : `pays from ${formatDay(next.at)} on`, note: `${formatNumber(Number(next.interval.toFixed(1)))} windows after the last, given ${formatNumber(next.rows)} new labelled rows` },
        ]}
      />
    </section>
  );
}
