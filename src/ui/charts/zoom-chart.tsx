import { useEffect, useLayoutEffect, useRef } from "react";
import uPlot from "uplot";
import { formatNumber } from "../format.ts";
import { canvasColor } from "./line-chart-options.ts";
import "./charts.css";

/** One line with the band its values lie in, aligned with the chart's x. */
export interface ZoomLine {
  readonly name: string;
  readonly color: string;
  readonly values: readonly (number | null | undefined)[];
  /** Drawn faintly behind the line: what was smoothed away. */
  readonly faint?: readonly (number | null | undefined)[] | undefined;
  readonly low?: readonly (number | null | undefined)[] | undefined;
  readonly high?: readonly (number | null | undefined)[] | undefined;
}

export interface ZoomChartProps {
  /** Ascending. */
  readonly x: readonly number[];
  readonly lines: readonly ZoomLine[];
  readonly height: number;
  readonly logarithmic: boolean;
  /** What is shown of x; null for all there is. */
  readonly range: readonly [number, number] | null;
  /** Seconds: ticks stand at whole minutes, hours and days. */
  readonly xIsTime: boolean;
  readonly formatX: (x: number) => string;
  /** A range was dragged, or null: all of it was asked for by a double click. */
  readonly onRange: (range: readonly [number, number] | null) => void;
  /** The index under the pointer. */
  readonly onCursor: (index: number | null) => void;
}

/** Lines over any x (uPlot), in which a range dragged is asked for rather than stretched: whoever has finer data brings it. */
export function ZoomChart(props: ZoomChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  useLayoutEffect(() => {
    latest.current = props;
  });
  const { lines, height, logarithmic, xIsTime } = props;
  const structure = JSON.stringify([lines.map((line) => [line.name, line.color, line.faint !== undefined, line.low !== undefined]), height, logarithmic, xIsTime]);
  useEffect(() => {
    const element = place.current!;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(latest, element), dataOf(latest.current), element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: latest.current.height }));
    resized.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
    // A chart of another make is drawn anew; other values go into the one that is there.
    // eslint-disable-next-line react/exhaustive-effect-dependencies
  }, [structure]);
  const { x, range } = props;
  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
    // eslint-disable-next-line react/exhaustive-effect-dependencies
  }, [x, lines, range]);
  return <div ref={place} aria-hidden="true" style={{ height }} />;
}

const dataOf = ({ x, lines }: ZoomChartProps): uPlot.AlignedData =>
  [x, ...lines.flatMap((line) => [...(line.low && line.high ? [line.high, line.low] : []), ...(line.faint ? [line.faint] : []), line.values])] as unknown as uPlot.AlignedData;

function optionsOf(latest: { readonly current: ZoomChartProps }, element: HTMLElement): uPlot.Options {
  const { lines, height, logarithmic } = latest.current;
  const color = (css: string): string => canvasColor(element, css);
  const faded = (css: string, share: number): string => color(`color-mix(in srgb, ${css} ${share}%, transparent)`);
  const axis = { stroke: color("var(--muted)"), font: "12px system-ui, sans-serif", grid: { stroke: color("var(--line)"), width: 1 }, ticks: { show: false } };
  const bands: uPlot.Band[] = [];
  const series: uPlot.Series[] = [{}];
  for (const line of lines) {
    if (line.low && line.high) {
      bands.push({ series: [series.length, series.length + 1], fill: faded(line.color, 30) });
      const edge: uPlot.Series = { stroke: faded(line.color, 55), width: 1, points: { show: false } };
      series.push(edge, edge);
    }
    if (line.faint) series.push({ stroke: faded(line.color, 30), width: 1, points: { show: false } });
    series.push({ label: line.name, stroke: color(line.color), width: 1.8, points: { size: 5 } });
  }
  return {
    width: element.clientWidth,
    height,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 }, bind: { dblclick: () => () => { latest.current.onRange(null); return null; } } },
    bands,
    scales: {
      x: { time: false, range: (_, low, high) => { const asked = latest.current.range; return asked ? [asked[0], asked[1]] : low === high ? [low - 1, high + 1] : [low, high]; } },
      y: logarithmic ? { distr: 3 } : { range: (_, low, high) => withAir(low, high) },
    },
    axes: [
      { ...axis, grid: { show: false }, space: 90, size: 28, ...(latest.current.xIsTime ? { incrs: timeSteps } : {}), values: (_, ticks) => ticks.map((tick) => latest.current.formatX(tick)) },
      { ...axis, size: 58, space: 32, values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : formatNumber(tick))) },
    ],
    series,
    hooks: {
      setCursor: [(plot) => latest.current.onCursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width > 3) latest.current.onRange([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** Between the ticks of a time axis, in seconds. */
const timeSteps = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000, 31_536_000];

function withAir(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - air, high + air];
}
