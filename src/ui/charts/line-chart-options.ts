import type uPlot from "uplot";
import { formatNumber } from "../format.ts";
import { timeTicks } from "./time-ticks.ts";
import type { LineChartData, Marker } from "./line-chart.tsx";

/** A CSS colour (custom properties and `light-dark()` too) as the canvas understands it, as it is at an element. */
export function canvasColor(at: Element, color: string): string {
  const probe = document.createElement("span");
  probe.style.color = color;
  at.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

interface Place {
  readonly element: HTMLElement;
  readonly width: number;
  readonly height: number;
  readonly onCursor: (index: number | null) => void;
}

/** uPlot's options for a chart in the colours of the page as they are now. */
export function lineChartOptions(chart: LineChartData, place: Place): uPlot.Options {
  const color = (css: string): string => canvasColor(place.element, css);
  const [muted, line] = [color("var(--muted)"), color("var(--line)")];
  const font = "12px system-ui, sans-serif";
  const axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  return {
    width: place.width,
    height: place.height,
    padding: [(chart.markers?.length ?? 0) > 0 ? 22 : 8, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false }, points: { size: 7 } },
    tzDate: (seconds) => utcDate(seconds),
    scales: { x: { time: chart.xIsTime }, y: { range: (_, low, high) => rangeOf(low, high, chart.fromZero ?? false) } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: chart.xIsTime ? 40 : 26, values: (_, ticks, __, ___, step) => (chart.xIsTime ? timeTicks(ticks, step) : ticks.map(formatNumber)) },
      { ...axis, size: 52, space: 36, values: (_, ticks) => ticks.map(formatNumber) },
    ],
    series: [
      {},
      ...chart.series.map((series): uPlot.Series => ({
        label: series.name,
        stroke: color(series.color),
        width: series.width ?? 2,
        spanGaps: series.spanGaps ?? false,
        points: { show: series.points ?? false, size: 5, fill: color(series.color) },
        ...(series.dash ? { dash: [5, 4] } : {}),
      })),
    ],
    hooks: {
      draw: [(plot) => (chart.markers ?? []).forEach((marker) => drawMarker(plot, marker, color(marker.color)))],
      setCursor: [(plot) => place.onCursor(plot.cursor.idx ?? null)],
    },
  };
}

/** uPlot reads local fields of the dates it is given; shifted by the zone's offset they read as UTC. */
function utcDate(seconds: number): Date {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() + date.getTimezoneOffset() * 60_000);
}

/** The values with a little air, from zero where the chart asks for it. */
function rangeOf(low: number | null, high: number | null, fromZero: boolean): [number, number] {
  if (low === null || high === null) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [fromZero ? Math.min(0, low) : low - air, high + air];
}

/** A moment on the time axis: a thin line with a dot on top, or a dashed one with a ring. */
function drawMarker(plot: uPlot, marker: Marker, color: string): void {
  const x = plot.valToPos(marker.x, "x", true);
  const { left, top, width, height } = plot.bbox;
  if (x < left - 1 || x > left + width + 1) return;
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.globalAlpha = marker.ring ? 0.6 : 0.28;
  if (marker.ring) ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.strokeStyle = color;
  ctx.lineWidth = ratio;
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.globalAlpha = 1;
  ctx.fillStyle = color;
  ctx.beginPath();
  ctx.arc(x, top - (marker.row ?? 0) * 9 * ratio - 4 * ratio, (marker.ring ? 2.8 : 3.6) * ratio, 0, 2 * Math.PI);
  if (marker.ring) {
    ctx.setLineDash([]);
    ctx.lineWidth = 1.6 * ratio;
    ctx.stroke();
  } else ctx.fill();
  ctx.restore();
}
