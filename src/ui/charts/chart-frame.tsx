import { useState, type ReactNode } from "react";
import { DataTable, type TableColumn } from "../data-table.tsx";
import "./charts.css";

export interface ChartTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

interface ChartFrameProps {
  /** What the picture shows, with its main numbers, for those who do not see it. */
  readonly summary: string;
  readonly legend?: ReactNode;
  /** The same values as a table; made when asked for. */
  readonly table?: () => ChartTable;
  readonly children: ReactNode;
}

/** A chart with its text alternative: a summary for screen readers, and the values as a table at the push of a button. */
export function ChartFrame({ summary, legend, table, children }: ChartFrameProps) {
  const [asTable, setAsTable] = useState(false);
  return (
    <figure className="chart">
      {asTable && table ? <ValueTable label={summary} table={table()} /> : <div className="chart-body">{children}</div>}
      <figcaption className="chart-foot">
        <span className="visually-hidden">{summary}</span>
        {legend ?? <span />}
        {table ? (
          <button type="button" className="button quiet" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            {asTable ? "Show as chart" : "Show as table"}
          </button>
        ) : null}
      </figcaption>
    </figure>
  );
}

function ValueTable({ label, table }: { label: string; table: ChartTable }) {
  const columns = table.columns.map(
    (header, index): TableColumn<readonly (string | number)[]> => ({
      key: String(index),
      header,
      render: (row) => row[index],
      sort: (row) => row[index],
      ...(index > 0 ? { align: "right" as const } : {}),
    }),
  );
  return <DataTable label={label} columns={columns} rows={table.rows} rowKey={(row) => row.join("|")} pageSize={12} />;
}

export interface LegendItem {
  readonly name: string;
  readonly color: string;
  /** A dot instead of a line; a ring instead of a dot. */
  readonly mark?: boolean;
  readonly ring?: boolean;
}

/** What the colours of a chart stand for. */
export function Legend({ items }: { items: readonly LegendItem[] }) {
  return (
    <ul className="legend">
      {items.map((item) => (
        <li key={item.name}>
          <i className={item.mark ? "mark" : undefined} style={item.ring ? { border: `2px solid ${item.color}` } : { background: item.color }} aria-hidden="true" />
          {item.name}
        </li>
      ))}
    </ul>
  );
}
