import { useEffect, useRef, useState, type ReactNode } from "react";
import uPlot from "uplot";
import { formatDay, formatNumber } from "../format.ts";
import { ChartFrame, Legend, type LegendItem } from "./chart-frame.tsx";
import { lineChartOptions } from "./line-chart-options.ts";

export interface LineSeries {
  readonly name: string;
  /** A CSS colour, mostly `var(--…)`. */
  readonly color: string;
  /** One value per x; null where there is none. */
  readonly values: readonly (number | null)[];
  readonly dash?: boolean;
  readonly width?: number;
  readonly points?: boolean;
  readonly spanGaps?: boolean;
}

/** Something that happened at a moment. */
export interface Marker {
  /** On the scale of the x axis: seconds since the epoch, or a step. */
  readonly x: number;
  readonly color: string;
  readonly row?: 0 | 1;
  /** A ring and a dashed line: what was found to have happened, beside what was done. */
  readonly ring?: boolean;
}

export interface LineChartData {
  /** Ascending; seconds since the epoch when `xIsTime`. */
  readonly x: readonly number[];
  readonly xIsTime: boolean;
  readonly series: readonly LineSeries[];
  readonly markers?: readonly Marker[];
  readonly fromZero?: boolean;
}

interface LineChartProps extends LineChartData {
  readonly summary: string;
  readonly xName: string;
  readonly height?: number;
  /** More of the legend: what the markers mean. */
  readonly markerLegend?: readonly LegendItem[];
  /** Said beside the values under the pointer. */
  readonly renderNote?: (index: number) => ReactNode;
}

/** Lines over time or steps (uPlot); drag to zoom, double-click to see all. */
export function LineChart({ summary, xName, height = 240, markerLegend = [], renderNote, ...chart }: LineChartProps) {
  const [cursor, setCursor] = useState<number | null>(null);
  const nameOf = (x: number): string => (chart.xIsTime ? formatDay(x * 1000) : formatNumber(x));
  const table = () => ({
    columns: [xName, ...chart.series.map((series) => series.name)],
    rows: chart.x.map((x, index) => [nameOf(x), ...chart.series.map((series) => formatNumber(series.values[index]))]),
  });
  const legend = [...chart.series.map(({ name, color }) => ({ name, color })), ...markerLegend.map((item) => ({ ...item, mark: true }))];
  return (
    <ChartFrame summary={summary} table={table} legend={<Legend items={legend} />}>
      <div className="readout small" aria-hidden="true">
        {cursor === null || chart.x[cursor] === undefined ? (
          <span className="muted">Point at the chart for values; drag to zoom, double-click to see all.</span>
        ) : (
          <>
            <b>{nameOf(chart.x[cursor])}</b>{" "}
            {chart.series.map((series) => `${series.name} ${formatNumber(series.values[cursor])}`).join(" · ")} {renderNote?.(cursor)}
          </>
        )}
      </div>
      <Canvas chart={chart} height={height} onCursor={setCursor} />
    </ChartFrame>
  );
}

function Canvas({ chart, height, onCursor }: { chart: LineChartData; height: number; onCursor: (index: number | null) => void }) {
  const place = useRef<HTMLDivElement>(null);
  const content = JSON.stringify(chart);
  useEffect(() => {
    const element = place.current!;
    let plot: uPlot | undefined;
    const data = [[...chart.x], ...chart.series.map((series) => [...series.values])] as uPlot.AlignedData;
    const draw = (): void => {
      plot?.destroy();
      plot = new uPlot(lineChartOptions(chart, { element, width: element.clientWidth, height, onCursor }), data, element);
    };
    draw();
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      plot?.destroy();
    };
    // `content` stands for the chart: a poll that brings the same values must not draw again.
    // eslint-disable-next-line react/exhaustive-deps
  }, [content, height]);
  return <div ref={place} aria-hidden="true" style={{ height }} />;
}
