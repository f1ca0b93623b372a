import { formatNumber } from "../format.ts";
import { ChartFrame } from "./chart-frame.tsx";
import { niceTicks } from "./nice-ticks.ts";

interface AgreementPlotProps {
  readonly summary: string;
  readonly xName: string;
  readonly yName: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly rows: number }[];
}

const [left, top, size] = [52, 10, 280];

/** Two measurements of the same thing against each other: on the dashed line they agree. */
export function AgreementPlot({ summary, xName, yName, points }: AgreementPlotProps) {
  const values = points.flatMap((point) => [point.x, point.y]);
  const air = (Math.max(...values) - Math.min(...values) || 1) * 0.05;
  const [low, high] = [Math.min(...values) - air, Math.max(...values) + air];
  const across = (value: number): number => left + ((value - low) / (high - low)) * size;
  const down = (value: number): number => top + size - ((value - low) / (high - low)) * size;
  const table = () => ({ columns: [xName, yName, "rows"], rows: points.map((point) => [formatNumber(point.x), formatNumber(point.y), point.rows]) });
  return (
    <ChartFrame summary={summary} table={table}>
      <svg viewBox={`0 0 ${left + size + 12} ${top + size + 46}`} style={{ display: "block", width: "100%", maxWidth: 420 }} aria-hidden="true" fontSize="12" fill="var(--muted)">
        {niceTicks(low, high).map((tick) => (
          <g key={tick}>
            <line x1={left} x2={left + size} y1={down(tick)} y2={down(tick)} stroke="var(--line)" />
            <text x={left - 8} y={down(tick) + 4} textAnchor="end">{formatNumber(tick)}</text>
            <text x={across(tick)} y={top + size + 18} textAnchor="middle">{formatNumber(tick)}</text>
          </g>
        ))}
        <line x1={across(low)} y1={down(low)} x2={across(high)} y2={down(high)} stroke="var(--strong-line)" strokeDasharray="4 4" />
        {points.map((point) => (
          <circle key={point.x} cx={across(point.x)} cy={down(point.y)} r="5" fill="var(--water)">
            <title>{`${xName} ${formatNumber(point.x)}, ${yName} ${formatNumber(point.y)}, ${point.rows} rows`}</title>
          </circle>
        ))}
        <text x={left + size / 2} y={top + size + 40} textAnchor="middle">{xName}</text>
        <text x="13" y={top + size / 2} textAnchor="middle" transform={`rotate(-90 13 ${top + size / 2})`}>{yName}</text>
      </svg>
    </ChartFrame>
  );
}
