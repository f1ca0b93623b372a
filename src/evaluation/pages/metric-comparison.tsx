import { IntervalPlot, type IntervalRow } from "../../ui/charts/interval-plot.tsx";
import { formatNumber, metricName } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { Evaluation } from "../types.ts";

/** Every metric with its interval, beside what the others score on the same rows. */
export function MetricComparison({ evaluation }: { evaluation: Evaluation }) {
  const loss = evaluation.task === "regression" ? "rmse" : "log_loss";
  const { champion } = evaluation;
  return (
    <>
      <div className="columns">
        {Object.keys(evaluation.metrics).map((metric) => (
          <Panel key={metric} title={metricName(metric)} note={higher.has(metric) ? "Higher is better." : "Lower is better."}>
            <IntervalPlot label={`${metricName(metric)} of this model and of others on the same rows`} rows={rowsOf(evaluation, metric)} />
          </Panel>
        ))}
        {champion ? (
          <Panel title="Difference to the champion" note={`The champion's ${metricName(loss)} minus this model's, resampled together. Above 0 this model is better.`}>
            <IntervalPlot label="Difference to the champion" line={0} rows={[{ name: `version ${champion.version} − this`, ...champion.difference, tone: champion.difference.low > 0 ? "good" : champion.difference.high < 0 ? "bad" : "copper" }]} />
            <p className="small">
              {champion.difference.low > 0 || champion.difference.high < 0
                ? `The 95 % interval leaves 0 out (${formatNumber(champion.difference.low)} to ${formatNumber(champion.difference.high)}).`
                : "The 95 % interval does not leave 0 out: these rows do not tell the two apart."}
            </p>
          </Panel>
        ) : null}
      </div>
    </>
  );
}

const higher = new Set(["r2", "accuracy", "f1", "roc_auc"]);

function rowsOf({ metrics, champion, baseline, naive }: Evaluation, metric: string): IntervalRow[] {
  const other = (name: string, value: number | undefined): IntervalRow[] => (value === undefined ? [] : [{ name, value, tone: "quiet" }]);
  return [
    { name: "this model", ...metrics[metric] },
    ...(champion ? other(`champion (v${champion.version})`, champion.metrics[metric]) : []),
    ...other("linear baseline", baseline?.[metric]),
    ...other("naive", naive[metric]),
  ];
}
