import type { Task } from "../../training/types.ts";
import { useState } from "react";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { metricName } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import { aggregateErrors } from "./aggregate-errors.ts";
import { alarmLine, type ErrorMarks } from "./error-marks.ts";
import { ErrorChart } from "./error-chart.tsx";
import { monitoringApi } from "./monitoring-api.ts";

const day = 86_400_000;
const units = { day, week: 7 * day } as const;

/** What alarms of the live error are raised by. */
const watchedOf = (task: Task): string => (task === "regression" ? "mae" : "log_loss");

/** What clients got, by day or week, in any of the metrics. */
export function LiveError({ endpoint, marks }: { endpoint: string; marks: ErrorMarks }) {
  const [unit, setUnit] = useState<keyof typeof units>("week");
  const [chosen, setMetric] = useState<string | null>(null);
  const query = useLiveQuery(["monitoring", "errors", endpoint, "served"], (signal) =>
    monitoringApi("GET /monitors/:endpoint/errors", { params: { endpoint }, query: { variant: "served" } }, { signal }),
  );
  const choices = (
    <span className="row small">
      <label>
        Metric{" "}
        <select className="select" value={chosen ?? watchedOf(query.data?.config.task ?? "regression")} onChange={(event) => setMetric(event.target.value)}>
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
    <Panel title="Live error" note="What clients got, whoever answered. Values of longer spans come from the summed errors, not from averaged averages. The dashed line is the level of the loss by each alarm: what it was, and what it had risen to." aside={choices}>
      <Loaded query={query}>
        {({ config, windows }) => {
          const metric = chosen ?? watchedOf(config.task);
          const spans = aggregateErrors(config.task, windows, units[unit], windows[0]?.start ?? 0);
          const levels = alarmLine(spans.map(({ start }) => start), metric, marks.alarms);
          const more = levels.some((level) => level !== null) ? [{ name: "level by the alarms", color: "var(--copper)", values: levels, dash: true }] : [];
          return <ErrorChart metric={metric} unit={unit} spans={spans} markers={marks.markers} markerLegend={marks.legend} more={more} height={280} />;
        }}
      </Loaded>
    </Panel>
  );
}
