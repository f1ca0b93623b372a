import { DataTable } from "../../ui/data-table.tsx";
import { formatNumber } from "../../ui/format.ts";
import type { Extreme, MetricSummary } from "../metric-summaries.ts";

/** The metrics of a run: where they stand, the least and the greatest, and at which step. */
export function MetricsTable({ metrics }: { metrics: readonly MetricSummary[] }) {
  const exact = (value: MetricSummary["latest"]): string => (value === "NaN" ? "NaN" : formatNumber(Number(value)));
  const extreme = (one: Extreme | null, points: number) => (one === null ? "–" : <>{formatNumber(one.value)}{points > 1 ? <small className="muted at"> at {one.step.toLocaleString("en-US")}</small> : null}</>);
  return (
    <DataTable
      label="Metrics"
      rows={metrics}
      rowKey={({ key }) => key}
      columns={[
        { key: "metric", header: "Metric", sort: ({ key }) => key, render: ({ key }) => <span className="source">{key}</span> },
        { key: "latest", header: "Latest", align: "right", sort: ({ latest }) => Number(latest), render: ({ latest }) => <span title={String(latest)}>{exact(latest)}</span> },
        { key: "min", header: "Least", align: "right", sort: ({ min }) => min?.value, render: ({ min, points }) => extreme(min, points) },
        { key: "max", header: "Greatest", align: "right", sort: ({ max }) => max?.value, render: ({ max, points }) => extreme(max, points) },
        { key: "points", header: "Points", align: "right", sort: ({ points }) => points, render: ({ points }) => points.toLocaleString("en-US") },
      ]}
    />
  );
}
