import { useQueries } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { formatDuration } from "../../clock.ts";
import { ChartFrame, Legend } from "../../ui/charts/chart-frame.tsx";
import { ZoomChart } from "../../ui/charts/zoom-chart.tsx";
import { count, formatNumber } from "../../ui/format.ts";
import type { Series } from "../series.ts";
import { linesOf, rangeToAsk, type Axis, type DrawnRun } from "./chart-lines.ts";
import { trackingApi } from "./tracking-api.ts";

/** How all charts of a page are drawn. */
export interface ChartSettings {
  readonly axis: Axis;
  readonly weight: number;
  readonly logarithmic: boolean;
}

const twoDigits = (n: number): string => String(n).padStart(2, "0");

/** A place on the x axis in words; `span` is how much is in sight. */
export function formatPlace(axis: Axis, x: number, span: number): string {
  if (axis === "step") return Number.isInteger(x) ? x.toLocaleString("en-US") : formatNumber(x);
  if (axis === "relative") return x === 0 ? "0 s" : span < 1 ? `${formatNumber(x * 1000)} ms` : formatDuration(x * 1000);
  const date = new Date(x * 1000);
  const clock = `${twoDigits(date.getUTCHours())}:${twoDigits(date.getUTCMinutes())}`;
  if (span > 2 * 86_400) return date.toISOString().slice(0, 10);
  return span < 600 ? `${clock}:${twoDigits(date.getUTCSeconds())}` : clock;
}

interface MetricChartProps {
  readonly metric: string;
  readonly runs: readonly DrawnRun[];
  readonly settings: ChartSettings;
  readonly height?: number;
}

/** The history of one metric of some runs. A range that is dragged is read anew and finer, down to every stored point. */
export function MetricChart({ metric, runs, settings, height = 220 }: MetricChartProps) {
  const { axis, weight, logarithmic } = settings;
  const [zoom, setZoom] = useState<{ readonly axis: Axis; readonly range: readonly [number, number] } | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  // A range of steps says nothing on an axis of time.
  const range = zoom?.axis === axis ? zoom.range : null;
  const found = useQueries({
    queries: runs.map((run) => {
      const asked = rangeToAsk(axis, run, range);
      return {
        queryKey: ["tracking", "series", run.id, metric, asked],
        queryFn: ({ signal }: { signal: AbortSignal }) => trackingApi("GET /runs/:id/series", { params: { id: run.id }, query: { key: metric, ...asked, buckets: 1000 } }, { signal }),
        staleTime: 60_000,
      };
    }),
  });
  // Until the finer points are there the coarser ones stay.
  const before = useRef(new Map<string, Series>());
  const series = found.map(({ data }, index) => {
    if (data) before.current.set(runs[index].id, data);
    return before.current.get(runs[index].id);
  });
  const loaded = found.map(({ dataUpdatedAt }) => dataUpdatedAt).join();
  // The parts that the lines are made of, told by when they came: the arrays themselves are new in every render.
  // eslint-disable-next-line react/exhaustive-deps
  const { x, lines } = useMemo(() => linesOf(runs, series, { axis, weight, logarithmic }), [loaded, axis, weight, logarithmic, range, runs.map(({ id }) => id).join()]);
  // What is known stays when it cannot be refreshed.
  const error = found.find((one, index) => one.error && !series[index])?.error;
  if (error) return <p className="filter-error" role="alert">{metric}: {error.message}</p>;
  const [low, high] = range ?? [x[0] ?? 0, x.at(-1) ?? 1];
  const place = (at: number): string => formatPlace(axis, at, high - low);
  const points = series.reduce((sum, one) => sum + (one?.points ?? 0), 0);
  const exact = series.every((one) => one?.exact ?? true);
  const shift = (factor: number, by: number): void => {
    const [middle, half] = [(low + high) / 2 + by * (high - low), ((high - low) / 2) * factor];
    setZoom({ axis, range: [middle - half, middle + half] });
  };
  const table = () => ({
    columns: [axis === "relative" ? "since the start" : axis, ...lines.map(({ name }) => name)],
    rows: x.map((at, index) => [place(at), ...lines.map(({ values }) => formatNumber(values[index]))]),
  });
  const shown = exact ? count(points, "stored point") : `${count(points, "point")}: mean, and the band of least and greatest`;
  const legend = runs.length > 1 ? <Legend items={runs.map(({ name, color }) => ({ name, color }))} /> : <span className="muted">{shown}</span>;
  return (
    <ChartFrame summary={summaryOf(metric, series, runs)} table={table} legend={legend}>
      <div className="readout small" aria-hidden="true">
        {cursor === null || x[cursor] === undefined ? (
          <span className="muted">{range ? `${place(low)} to ${place(high)}` : "Drag to zoom in, down to every stored point."}</span>
        ) : (
          <><b>{place(x[cursor])}</b> {lines.slice(0, 6).map(({ name, values }) => `${lines.length > 1 ? `${name} ` : ""}${formatNumber(values[cursor])}`).join(" · ")}</>
        )}
      </div>
      <fieldset className="zoom" aria-label={`Zoom of ${metric}`}>
        <button type="button" className="button quiet" aria-label="Zoom in" onClick={() => shift(0.5, 0)}>+</button>
        <button type="button" className="button quiet" aria-label="Zoom out" disabled={!range} onClick={() => shift(2, 0)}>−</button>
        <button type="button" className="button quiet" aria-label="Earlier" disabled={!range} onClick={() => shift(1, -0.5)}>‹</button>
        <button type="button" className="button quiet" aria-label="Later" disabled={!range} onClick={() => shift(1, 0.5)}>›</button>
        <button type="button" className="button quiet" disabled={!range} onClick={() => setZoom(null)}>All</button>
      </fieldset>
      <ZoomChart
        x={x}
        lines={lines}
        height={height}
        logarithmic={logarithmic}
        range={range}
        xIsTime={axis !== "step"}
        formatX={place}
        onRange={(next) => setZoom(next && { axis, range: next })}
        onCursor={setCursor}
      />
      <Odd runs={runs} series={series} logarithmic={logarithmic} />
    </ChartFrame>
  );
}

/** What the picture cannot show. */
function Odd({ runs, series, logarithmic }: { runs: readonly DrawnRun[]; series: readonly (Series | undefined)[]; logarithmic: boolean }) {
  const names: Readonly<Record<string, string>> = { NaN: "NaN", Infinity: "∞", "-Infinity": "−∞" };
  const lines = series.flatMap((one, index) =>
    (one?.odd ?? []).map(({ value, count: n, firstStep }) => {
      const whose = runs.length > 1 ? `${runs[index].name}: ` : "";
      return `${whose}${count(n, "value")} ${n === 1 ? "is" : "are"} ${names[String(value)] ?? value}, first at step ${firstStep.toLocaleString("en-US")}`;
    }),
  );
  if (logarithmic && series.some((one) => one?.low.some((value) => value !== null && value <= 0))) lines.push("Values of zero and below have no logarithm and are left out");
  return lines.length === 0 ? null : <p className="small odd">{lines.join(" · ")}</p>;
}

function summaryOf(metric: string, series: readonly (Series | undefined)[], runs: readonly DrawnRun[]): string {
  const one = series[0];
  if (runs.length > 1) return `${metric} of ${count(runs.length, "run")} over their histories`;
  const finite = (one?.mean ?? []).filter((value) => value !== null);
  return `${metric}: ${count(one?.points ?? 0, "point")}, from ${formatNumber(finite[0])} to ${formatNumber(finite.at(-1))}`;
}
