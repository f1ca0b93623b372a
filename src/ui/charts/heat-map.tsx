import { useState } from "react";
import { formatNumber } from "../format.ts";
import { ChartFrame } from "./chart-frame.tsx";
import { heatColor } from "./heat-color.ts";
import "./heat-map.css";

export interface HeatRow {
  readonly name: string;
  /** One value per column; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

interface HeatMapProps {
  readonly summary: string;
  readonly rowsName: string;
  readonly columnNames: readonly string[];
  readonly rows: readonly HeatRow[];
  readonly threshold: number;
  readonly selected: string | null;
  readonly onSelect: (row: string, column: number | null) => void;
}

/** A value per row and column as colour; rows are chosen by their names, a cell by clicking it. */
export function HeatMap({ summary, rowsName, columnNames, rows, threshold, selected, onSelect }: HeatMapProps) {
  const [pointed, setPointed] = useState<{ row: HeatRow; column: number } | null>(null);
  const table = () => ({ columns: [rowsName, ...columnNames], rows: rows.map((row) => [row.name, ...row.values.map((value) => formatNumber(value))]) });
  const value = pointed && pointed.row.values[pointed.column];
  return (
    <ChartFrame summary={summary} table={table} legend={<HeatScale threshold={threshold} />}>
      <div className="readout small" aria-hidden="true">
        {pointed ? (
          <>
            <b>{pointed.row.name}</b> {columnNames[pointed.column]}: {value === null ? "not measured" : formatNumber(value)}
            {value !== null && value >= threshold ? " (drifted)" : ""}
          </>
        ) : (
          <span className="muted">Point at a cell for its value; click it, or choose a name, to see the distribution below.</span>
        )}
      </div>
      <div className="heat" onPointerLeave={() => setPointed(null)}>
        {rows.map((row) => (
          <HeatLine
            key={row.name}
            row={row}
            threshold={threshold}
            selected={row.name === selected}
            onPoint={(column) => setPointed({ row, column })}
            onSelect={(column) => onSelect(row.name, column)}
          />
        ))}
        <span />
        <span className="heat-axis" aria-hidden="true">
          <span>{columnNames[0]}</span>
          <span>{columnNames.at(-1)}</span>
        </span>
      </div>
    </ChartFrame>
  );
}

interface HeatLineProps {
  readonly row: HeatRow;
  readonly threshold: number;
  readonly selected: boolean;
  readonly onPoint: (column: number) => void;
  readonly onSelect: (column: number | null) => void;
}

function HeatLine({ row, threshold, selected, onPoint, onSelect }: HeatLineProps) {
  const above = row.values.filter((value) => value !== null && value >= threshold).length;
  const columnAt = (event: React.MouseEvent<SVGSVGElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(row.values.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * row.values.length)));
  };
  return (
    <>
      <button type="button" aria-pressed={selected} title={row.name} onClick={() => onSelect(null)}>
        {row.name}
      </button>
      <svg
        viewBox={`0 0 ${row.values.length} 1`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${row.name}: at or above the threshold in ${above} of ${row.values.length}`}
        onPointerMove={(event) => onPoint(columnAt(event))}
        onClick={(event) => onSelect(columnAt(event))}
      >
        {row.values.map((value, index) => (value === null ? null : <rect key={index} x={index} width={1.02} height={1} fill={heatColor(value, threshold)} />))}
      </svg>
    </>
  );
}

function HeatScale({ threshold }: { threshold: number }) {
  return (
    <span className="heat-scale">
      {[0, 0.5, 1, 3].map((times) => (
        <span key={times} className="heat-scale">
          <i style={{ background: heatColor(times * threshold, threshold) }} aria-hidden="true" />
          {times === 0 ? "0" : times === 1 ? `≥ ${formatNumber(threshold)} drifted` : formatNumber(times * threshold)}
        </span>
      ))}
    </span>
  );
}
