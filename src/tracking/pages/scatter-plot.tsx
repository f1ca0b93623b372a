import { Choice } from "../../ui/choice.tsx";
import { useState } from "react";
import { ChartFrame } from "../../ui/charts/chart-frame.tsx";
import { niceTicks } from "../../ui/charts/nice-ticks.ts";
import { SvgPicture } from "../../ui/charts/svg-picture.tsx";
import { formatNumber } from "../../ui/format.ts";
import type { DrawnRun } from "./chart-lines.ts";
import { extent, placeName, type Dimension } from "./comparison.ts";

const [width, height, left, bottom, top, right] = [900, 380, 78, 40, 26, 20];

/** Any param or metric against any other, a dot for each run. */
export function ScatterPlot({ runs, dimensions }: { runs: readonly DrawnRun[]; dimensions: readonly Dimension[] }) {
  const [names, setNames] = useState({ x: dimensions[0].name, y: (dimensions.find(({ name }) => name.startsWith("metric ")) ?? dimensions[1]).name });
  const [x, y] = [dimensions.find(({ name }) => name === names.x) ?? dimensions[0], dimensions.find(({ name }) => name === names.y) ?? dimensions[1]];
  const [rangeX, rangeY] = [padded(extent(x)), padded(extent(y))];
  const toX = (place: number): number => left + ((place - rangeX[0]) / (rangeX[1] - rangeX[0])) * (width - left - right);
  const toY = (place: number): number => height - bottom - ((place - rangeY[0]) / (rangeY[1] - rangeY[0])) * (height - bottom - top);
  const dots = runs.flatMap((run, index) => (x.places[index] === null || y.places[index] === null ? [] : [{ run, at: [x.places[index], y.places[index]] as const }]));
  const table = () => ({ columns: ["run", x.name, y.name], rows: runs.map((run, index) => [run.name, placeName(x, x.places[index], formatNumber), placeName(y, y.places[index], formatNumber)]) });
  const note = dots.length < runs.length ? `${runs.length - dots.length} of ${runs.length} runs lack a finite value of one of the two` : "Point at a dot for its run";
  const choice = (axis: "x" | "y", label: string) => (
    <Choice label={label} chosen={names[axis]} options={dimensions.map(({ name }) => ({ id: name, name }))} onPick={(name) => setNames({ ...names, [axis]: name })} />
  );
  return (
    <div className="stack">
      <div className="row">{choice("x", "Across")}{choice("y", "Up")}</div>
      <ChartFrame summary={`${y.name} against ${x.name} of ${dots.length} runs`} table={table} legend={<span className="muted">{note}</span>}>
        <SvgPicture label={`${y.name} against ${x.name}; the same as a table by the button below`} viewBox={`0 0 ${width} ${height}`} className="plot">
          {ticksOf(x, rangeX).map((tick) => (
            <g key={tick}>
              <line x1={toX(tick)} x2={toX(tick)} y1={top} y2={height - bottom} />
              <text x={toX(tick)} y={height - bottom + 18} textAnchor="middle">{short(placeName(x, tick, formatNumber), 16)}</text>
            </g>
          ))}
          {ticksOf(y, rangeY).map((tick) => (
            <g key={tick}>
              <line x1={left} x2={width - right} y1={toY(tick)} y2={toY(tick)} />
              <text x={left - 8} y={toY(tick) + 4} textAnchor="end">{short(placeName(y, tick, formatNumber), 10)}</text>
            </g>
          ))}
          <text x={(left + width - right) / 2} y={height - 4} textAnchor="middle" className="name">{x.name}</text>
          <text x={4} y={top - 2} className="name">{y.name}</text>
          {dots.map(({ run, at }) => (
            <circle key={run.id} cx={toX(at[0])} cy={toY(at[1])} r={6} fill={run.color}>
              <title>{`${run.name}: ${x.name} ${placeName(x, at[0], formatNumber)}, ${y.name} ${placeName(y, at[1], formatNumber)}`}</title>
            </circle>
          ))}
        </SvgPicture>
      </ChartFrame>
    </div>
  );
}

const padded = ([low, high]: readonly [number, number]): [number, number] => [low - (high - low) * 0.06, high + (high - low) * 0.06];
const ticksOf = ({ words }: Dimension, [low, high]: readonly [number, number]): number[] => (words ? words.map((_, index) => index).slice(0, 12) : niceTicks(low, high, 6));
const short = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
