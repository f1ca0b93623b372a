import { formatNumber } from "../format.ts";
import type { Tone } from "../tone.ts";
import { toneColor } from "../tone.ts";
import "./charts.css";
import { niceTicks } from "./nice-ticks.ts";

export interface IntervalRow {
  readonly name: string;
  readonly value: number;
  /** The ends of the interval; absent where only the value is known. */
  readonly low?: number;
  readonly high?: number;
  readonly tone?: Tone;
  readonly note?: string;
}

interface IntervalPlotProps {
  readonly label: string;
  readonly rows: readonly IntervalRow[];
  /** A line through all rows, such as 0 or a limit. */
  readonly line?: number;
}

/** Values as dots with their intervals as whiskers, on one scale; the numbers stand beside them. */
export function IntervalPlot({ label, rows, line }: IntervalPlotProps) {
  const ends = [...rows.flatMap((row) => [row.value, row.low ?? row.value, row.high ?? row.value]), ...(line === undefined ? [] : [line])];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const air = (high - low || Math.abs(high) || 1) * 0.06;
  const at = (value: number): string => `${((value - low + air) / (high - low + 2 * air)) * 100}%`;
  return (
    <ul className="intervals" aria-label={label}>
      {rows.map((row) => (
        <li key={row.name}>
          <span>{row.name}</span>
          <svg aria-hidden="true">
            <line x1="0" x2="100%" y1="15" y2="15" stroke="var(--line)" />
            {line === undefined ? null : <line x1={at(line)} x2={at(line)} y1="0" y2="30" stroke="var(--strong-line)" strokeDasharray="3 3" />}
            {row.low !== undefined && row.high !== undefined ? (
              <line x1={at(row.low)} x2={at(row.high)} y1="15" y2="15" stroke={toneColor(row.tone ?? "water")} strokeWidth="3" strokeLinecap="round" opacity="0.55" />
            ) : null}
            <circle cx={at(row.value)} cy="15" r="5.5" fill={toneColor(row.tone ?? "water")} stroke="var(--surface)" strokeWidth="1.5" />
          </svg>
          <span className="number">
            {formatNumber(row.value)}
            <span className="muted">{row.low === undefined ? "" : ` (${formatNumber(row.low)} to ${formatNumber(row.high)})`}</span>
            {row.note ? <span className="muted"> {row.note}</span> : null}
          </span>
        </li>
      ))}
      <li className="axis" aria-hidden="true">
        <span />
        <svg>
          {niceTicks(low, high).map((tick) => (
            <text key={tick} x={at(tick)} y="14" textAnchor="middle">
              {formatNumber(tick)}
            </text>
          ))}
        </svg>
        <span />
      </li>
    </ul>
  );
}
