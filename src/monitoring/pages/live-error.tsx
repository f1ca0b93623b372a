import { useState } from "react";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { metricName } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import { lossOf } from "../error-sums.ts";
import { aggregateErrors } from "./aggregate-errors.ts";
import { ErrorChart } from "./error-chart.tsx";
import { monitoringApi } from "./monitoring-api.ts";

const day = 86_400_000;
const units = { day, week: 7 * day } as const;

/** What clients got, by day or week, in any of the metrics. */
export function LiveError({ endpoint }: { endpoint: string }) {
  const [unit, setUnit] = useState<keyof typeof units>("week");
  const [chosen, setMetric] = useState<string | null>(null);
  const query = useLiveQuery(["monitoring", "errors", endpoint, "served"], (signal) =>
    monitoringApi("GET /monitors/:endpoint/errors", { params: { endpoint }, query: { variant: "served" } }, { signal }),
  );
  const choices = (
    <span className="row small">
      <label>
        Metric{" "}
        <select className="select" value={chosen ?? lossOf(query.data?.config.task ?? "regression")} onChange={(event) => setMetric(event.target.value)}>
          {(query.data?.config.task === "regression" ? ["rmse", "mae", "bias"] : ["log_loss", "accuracy"]).map((metric) => (
            <option key={metric} value={metric}>
              {metricName(metric)}
            </option>
          ))}
        </select>
      </label>
      {(["day", "week"] as const).map((one) => (
        <button key={one} type="button" className="button" aria-pressed={unit === one} onClick={() => setUnit(one)}>
          by {one}
        </button>
      ))}
    </span>
  );
  return (
    <Panel title="Live error" note="What clients got, whoever answered. Values of longer spans come from the summed errors, not from averaged averages." aside={choices}>
      <Loaded query={query}>
        {({ config, windows }) => (
          <ErrorChart metric={chosen ?? lossOf(config.task)} unit={unit} spans={aggregateErrors(config.task, windows, units[unit], windows[0]?.start ?? 0)} height={280} />
        )}
      </Loaded>
    </Panel>
  );
}
