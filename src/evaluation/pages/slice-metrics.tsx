import { useState } from "react";
import { IntervalPlot } from "../../ui/charts/interval-plot.tsx";
import { count, metricName } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { Evaluation } from "../types.ts";

/** One metric on the slices of the held-out rows, column by column. */
export function SliceMetrics({ evaluation }: { evaluation: Evaluation }) {
  const names = Object.keys(evaluation.metrics);
  const [metric, setMetric] = useState(names[0]);
  const columns = [...new Set(evaluation.slices.map((slice) => slice.column))];
  if (columns.length === 0) return null;
  return (
    <Panel title="Slices" note="The same metric where a column has one value; the dashed line is the metric over all rows." aside={<MetricChoice names={names} metric={metric} onChange={setMetric} />}>
      <div className="stack">
        {columns.map((column) => (
          <div key={column}>
            <h3>By {column}</h3>
            <IntervalPlot
              label={`${metricName(metric)} by ${column}`}
              line={evaluation.metrics[metric].value}
              rows={evaluation.slices
                .filter((slice) => slice.column === column && slice.metrics[metric])
                .map((slice) => ({ name: `${slice.value} (${count(slice.rows, "row")})`, ...slice.metrics[metric] }))}
            />
          </div>
        ))}
      </div>
    </Panel>
  );
}

function MetricChoice({ names, metric, onChange }: { names: readonly string[]; metric: string; onChange: (metric: string) => void }) {
  return (
    <label className="small">
      Metric{" "}
      <select className="select" value={metric} onChange={(event) => onChange(event.target.value)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {metricName(name)}
          </option>
        ))}
      </select>
    </label>
  );
}
