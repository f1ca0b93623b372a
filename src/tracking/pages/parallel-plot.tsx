import { useState } from "react";
import { SvgPicture } from "../../ui/charts/svg-picture.tsx";
import "../../ui/charts/charts.css";
import { formatNumber } from "../../ui/format.ts";
import { ScrollRegion } from "../../ui/scroll-region.tsx";
import type { DrawnRun } from "./chart-lines.ts";
import { extent, placeName, type Dimension } from "./comparison.ts";

const [height, top, bottom, side] = [340, 46, 26, 70];
const usual = 7;

/** All params and metrics that differ as parallel axes, a line for each run; below it the same as a table, in which a row lights its line. */
export function ParallelPlot({ runs, dimensions }: { runs: readonly DrawnRun[]; dimensions: readonly Dimension[] }) {
  // A few params and the metrics they led to.
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => {
    const named = (kind: string): string[] => dimensions.map(({ name }) => name).filter((name) => name.startsWith(kind));
    return new Set([...named("param ").slice(0, usual - 2), ...named("metric ").slice(0, 2)]);
  });
  const choose = (name: string, on: boolean): void => setChosen(new Set(on ? [...chosen, name] : [...chosen].filter((one) => one !== name)));
  const [lit, setLit] = useState<string | null>(null);
  const shown = dimensions.filter(({ name }) => chosen.has(name));
  const width = Math.max(900, shown.length * 130);
  const toX = (index: number): number => (shown.length < 2 ? width / 2 : side + (index * (width - 2 * side)) / (shown.length - 1));
  const toY = (dimension: Dimension, place: number): number => {
    const [low, high] = extent(dimension);
    return height - bottom - ((place - low) / (high - low)) * (height - bottom - top);
  };
  const path = (at: number): string => {
    let pen = "M";
    return shown.map((dimension, index) => {
      const place = dimension.places[at];
      if (place === null) {
        pen = "M";
        return "";
      }
      const point = `${pen}${toX(index).toFixed(1)} ${toY(dimension, place).toFixed(1)}`;
      pen = "L";
      return point;
    }).join("");
  };
  return (
    <div className="stack">
      <fieldset className="choices row">
        <legend className="visually-hidden">Axes</legend>
        {dimensions.slice(0, 40).map(({ name }) => (
          <label key={name} className="axis-choice">
            <input type="checkbox" checked={chosen.has(name)} onChange={(event) => choose(name, event.target.checked)} />
            {name}
          </label>
        ))}
      </fieldset>
      <ScrollRegion className="plot-scroll" label="Runs as lines over parallel axes">
        <SvgPicture label={`${runs.length} runs over ${shown.length} axes; the table below says the same`} viewBox={`0 0 ${width} ${height}`} className="plot parallel" style={{ minWidth: shown.length * 90 }}>
          {shown.map((dimension, index) => {
            const [low, high] = extent(dimension);
            const [lowest, highest] = dimension.words ? [0, dimension.words.length - 1] : [low, high];
            return (
              <g key={dimension.name}>
                <line x1={toX(index)} x2={toX(index)} y1={top} y2={height - bottom} className="axis" />
                <text x={toX(index)} y={16} textAnchor="middle" className="name">{short(dimension.name.replace(/^\w+ /, ""), 20)}</text>
                <text x={toX(index)} y={34} textAnchor="middle">{short(placeName(dimension, highest, formatNumber), 16)}</text>
                <text x={toX(index)} y={height - 8} textAnchor="middle">{short(placeName(dimension, lowest, formatNumber), 16)}</text>
              </g>
            );
          })}
          {runs.map((run, index) => (
            <path
              key={run.id}
              d={path(index)}
              fill="none"
              stroke={run.color}
              className={lit === run.id ? "lit" : lit === null ? undefined : "dim"}
              onPointerEnter={() => setLit(run.id)}
              onPointerLeave={() => setLit(null)}
            >
              <title>{run.name}</title>
            </path>
          ))}
        </SvgPicture>
      </ScrollRegion>
      <ScrollRegion className="compare-scroll short" label="The same as a table">
        <table className="compare">
          <thead><tr><th scope="col">Run</th>{shown.map(({ name }) => <th key={name} scope="col">{name}</th>)}</tr></thead>
          <tbody>
            {runs.map((run, index) => (
              <tr key={run.id} className={lit === run.id ? "lit" : undefined} onPointerEnter={() => setLit(run.id)} onPointerLeave={() => setLit(null)}>
                <th scope="row">
                  <button type="button" className="light" aria-pressed={lit === run.id} onFocus={() => setLit(run.id)} onBlur={() => setLit(null)}>
                    <i className="dot" style={{ background: run.color }} aria-hidden="true" />
                    {run.name}
                  </button>
                </th>
                {shown.map((dimension) => <td key={dimension.name}>{placeName(dimension, dimension.places[index], formatNumber)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </div>
  );
}

const short = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
