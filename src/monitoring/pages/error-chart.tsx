import type { LegendItem } from "../../ui/charts/chart-frame.tsx";
import { LineChart, type LineSeries, type Marker } from "../../ui/charts/line-chart.tsx";
import { formatDay, formatNumber, metricName } from "../../ui/format.ts";
import type { ErrorSpan } from "./aggregate-errors.ts";

interface ErrorChartProps {
  readonly metric: string;
  /** `week` or `day`: what a point stands for. */
  readonly unit: string;
  readonly spans: readonly ErrorSpan[];
  readonly markers?: readonly Marker[];
  readonly markerLegend?: readonly LegendItem[];
  /** Further lines over the same spans. */
  readonly more?: readonly LineSeries[];
  readonly height?: number;
}

/** Live error over time: what clients got. */
export function ErrorChart({ metric, unit, spans, markers = [], markerLegend = [], more = [], height = 260 }: ErrorChartProps) {
  const name = metricName(metric);
  const values = spans.map((span) => span.metrics[metric] ?? null);
  const known = values.filter((value) => value !== null);
  const [first, last] = [spans[0], spans.at(-1)];
  if (!first || !last) return <p className="muted">No labelled predictions yet: live error appears as soon as labels arrive.</p>;
  const summary =
    `Live ${name} per ${unit} from ${formatDay(first.start)} to ${formatDay(last.end)}: ` +
    `lowest ${formatNumber(Math.min(...known))}, highest ${formatNumber(Math.max(...known))}, last ${formatNumber(known.at(-1))}`;
  return (
    <LineChart
      summary={summary}
      xName={unit === "week" ? "week of" : unit}
      x={spans.map((span) => span.start / 1000)}
      xIsTime
      fromZero
      height={height}
      series={[{ name: `live ${name}`, color: "var(--water)", values, points: spans.length < 40 }, ...more]}
      markers={markers}
      markerLegend={markerLegend}
      renderNote={(index) => <span className="muted">· {formatNumber(spans[index]?.labels)} labels</span>}
    />
  );
}
