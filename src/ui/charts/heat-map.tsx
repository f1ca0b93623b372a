import { useId, useState } from "react";
import { formatNumber } from "../format.ts";
import { ChartFrame } from "./chart-frame.tsx";
import { heatColor } from "./heat-color.ts";
import "./heat-map.css";

export interface HeatRow {
  readonly name: string;
  /** One value per column; null where nothing was measured. */
  readonly values: readonly (number | null)[];
  /** Which of them count as above the threshold: chance may explain some that are; absent, the value decides alone. */
  readonly above?: readonly boolean[];
}

const isAbove = ({ values, above }: HeatRow, column: number, threshold: number): boolean => {
  const value = values[column];
  return value !== null && value >= threshold && (above?.[column] ?? true);
};

/** The colour of a cell: one that chance explains stays below the threshold. */
const colorOf = (row: HeatRow, column: number, threshold: number): string => {
  const value = row.values[column]!;
  return heatColor(isAbove(row, column, threshold) ? value : Math.min(value, threshold * 0.999), threshold);
};

interface HeatMapProps {
  readonly summary: string;
  readonly rowsName: string;
  readonly columnNames: readonly string[];
  readonly rows: readonly HeatRow[];
  readonly threshold: number;
  readonly selected: { readonly row: string; readonly column: number };
  readonly onSelect: (row: string, column: number) => void;
}

/** A value per row and column as colour. Each row is a slider over its cells: by pointer and by arrow keys one cell is chosen. */
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
            {isAbove(pointed.row, pointed.column, threshold) ? " (drifted)" : value !== null && value >= threshold ? " (as much as chance gives)" : ""}
          </>
        ) : (
          <span className="muted">Point at a cell for its value; choose it, with the arrow keys too, to see its distribution below.</span>
        )}
      </div>
      <div className="heat" onPointerLeave={() => setPointed(null)}>
        {rows.map((row) => (
          <HeatLine
            key={row.name}
            row={row}
            threshold={threshold}
            columnNames={columnNames}
            column={selected.column}
            selected={row.name === selected.row}
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
  readonly columnNames: readonly string[];
  /** The column that is chosen, in whichever row. */
  readonly column: number;
  readonly selected: boolean;
  readonly onPoint: (column: number) => void;
  readonly onSelect: (column: number) => void;
}

function HeatLine({ row, threshold, columnNames, column, selected, onPoint, onSelect }: HeatLineProps) {
  const id = useId();
  const value = row.values[column];
  const columnAt = (event: React.PointerEvent<HTMLElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.min(row.values.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * row.values.length)));
  };
  return (
    <>
      <label htmlFor={id} className={selected ? "selected" : undefined} title={row.name}>
        {row.name}
      </label>
      <div className="heat-line">
        <svg viewBox={`0 0 ${row.values.length} 1`} preserveAspectRatio="none" aria-hidden="true">
          {row.values.map((one, index) => (one === null ? null : <rect key={index} x={index} width={1.02} height={1} fill={colorOf(row, index, threshold)} />))}
          {selected ? <rect x={column} width={1} height={1} fill="none" stroke="var(--ink)" strokeWidth={2} vectorEffect="non-scaling-stroke" /> : null}
        </svg>
        <input
          id={id}
          type="range"
          min={0}
          max={row.values.length - 1}
          value={column}
          aria-valuetext={`${columnNames[column]}: ${value === null ? "not measured" : formatNumber(value)}${isAbove(row, column, threshold) ? ", drifted" : ""}`}
          onFocus={() => onSelect(column)}
          onChange={(event) => onSelect(Number(event.target.value))}
          onPointerMove={(event) => onPoint(columnAt(event))}
        />
      </div>
    </>
  );
}

function HeatScale({ threshold }: { threshold: number }) {
  return (
    <span className="heat-scale">
      {[0, 0.5, 1, 10].map((times) => (
        <span key={times} className="heat-scale">
          <i style={{ background: heatColor(times * threshold, threshold) }} aria-hidden="true" />
          {times === 0 ? "0" : times === 1 ? `≥ ${formatNumber(threshold)} drifted` : formatNumber(times * threshold)}
        </span>
      ))}
    </span>
  );
}
