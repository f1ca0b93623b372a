import { DataTable } from "../../ui/data-table.tsx";
import { formatNumber } from "../../ui/format.ts";
import { useFixedQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { dataApi } from "./data-api.ts";

const shown = 50;

/** The first rows of a dataset version as they are stored. */
export function FirstRows({ id }: { id: string }) {
  const query = useFixedQuery(["data", "rows", id], (signal) => dataApi("GET /versions/:id/rows", { params: { id }, query: { limit: shown } }, { signal }));
  return (
    <Loaded query={query}>
      {({ columns, rows }) => (
        <DataTable
          label={`First ${rows.length} rows`}
          pageSize={10}
          rows={rows.map((values, index) => ({ index, values }))}
          rowKey={(row) => String(row.index)}
          columns={[
            { key: "row", header: "Row", render: (row) => <span className="muted">{row.index + 1}</span> },
            ...columns.map((column) => ({
              key: `column ${column.name}`,
              header: column.name,
              render: (row: { values: Record<string, unknown> }) => cellText(row.values[column.name]),
              ...(column.type === "number" ? { align: "right" as const } : { align: "nowrap" as const }),
            })),
          ]}
        />
      )}
    </Loaded>
  );
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : formatNumber(value);
  return typeof value === "string" ? value.replace(/T00:00:00(\.000)?Z$/, "") : JSON.stringify(value);
}
