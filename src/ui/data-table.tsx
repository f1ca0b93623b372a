import { useState, type ReactNode } from "react";
import "./data-table.css";
import { matchesWords } from "./matches-words.ts";
import { Pager } from "./pager.tsx";
import { ScrollRegion } from "./scroll-region.tsx";
import { sortRows, type Sorting, type SortValue } from "./sort-rows.ts";

export interface TableColumn<Row> {
  readonly key: string;
  readonly header: ReactNode;
  readonly render: (row: Row) => ReactNode;
  /** Makes the column sortable. */
  readonly sort?: (row: Row) => SortValue;
  readonly align?: "right" | "nowrap" | "wide";
}

interface DataTableProps<Row> {
  /** Says what the table holds; read out by screen readers. */
  readonly label: string;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly pageSize?: number;
  /** What a row is found by, once there are more than a page of them; without it there is no search. */
  readonly words?: (row: Row) => readonly string[];
}

/** A table that sorts by its column heads and shows a page at a time. The first column names the row. */
export function DataTable<Row>({ label, columns, rows: all, rowKey, pageSize = 25, words }: DataTableProps<Row>) {
  const [search, setSearch] = useState("");
  const rows = words && search !== "" ? all.filter((row) => matchesWords(search, words(row))) : all;
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [page, setPage] = useState(0);
  const by = columns.find((column) => column.key === sorting?.column)?.sort;
  const sorted = by && sorting ? sortRows(rows, by, sorting.descending) : rows;
  const pages = Math.max(1, Math.ceil(rows.length / pageSize));
  const shown = Math.min(page, pages - 1);
  return (
    <>
      {words && all.length > pageSize ? (
        <p className="row table-search">
          <input type="search" className="text-input" placeholder="find" aria-label={`Search ${label}`} value={search} onChange={(event) => setSearch(event.target.value)} />
          <output className="small muted">{search === "" ? "" : `${rows.length} of ${all.length}`}</output>
        </p>
      ) : null}
      <ScrollRegion className="table-scroll" label={label}>
        <table className="table">
          <thead>
            <tr>
              {columns.map((column) => (
                <HeadCell key={column.key} column={column} sorting={sorting} onSort={setSorting} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.slice(shown * pageSize, (shown + 1) * pageSize).map((row) => (
              <tr key={rowKey(row)}>
                {columns.map((column, index) =>
                  index === 0 ? (
                    <th key={column.key} scope="row" className={column.align}>
                      {column.render(row)}
                    </th>
                  ) : (
                    <td key={column.key} className={column.align}>
                      {column.render(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <Pager label={label} at={shown} size={pageSize} total={rows.length} onPage={setPage} />
    </>
  );
}

function HeadCell<Row>({ column, sorting, onSort }: { column: TableColumn<Row>; sorting: Sorting | null; onSort: (sorting: Sorting) => void }) {
  if (!column.sort) return <th scope="col" className={column.align}>{column.header}</th>;
  const active = sorting?.column === column.key;
  return (
    <th scope="col" className={column.align} aria-sort={active ? (sorting.descending ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => onSort({ column: column.key, descending: active ? !sorting.descending : column.align === "right" })}>
        {column.header}
      </button>
    </th>
  );
}
