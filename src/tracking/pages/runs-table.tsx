import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState, type ReactNode } from "react";
import { Anchor } from "../../ui/anchor.tsx";
import { count, shortId } from "../../ui/format.ts";
import type { RunRow } from "../run-table.ts";
import { placeOf, rowCount } from "./row-layout.ts";
import { RunCell } from "./run-cell.tsx";
import { columnTitle, columnWidth, partsOf } from "./run-columns.ts";
import { useRunRows, type RunsView } from "./use-run-rows.ts";

interface RunsTableProps {
  readonly view: RunsView;
  readonly selected: ReadonlyMap<string, string>;
  readonly onSelect: (row: RunRow, selected: boolean) => void;
  readonly onSort: (sort: string | undefined) => void;
  /** What to say when no run answers to the question. */
  readonly empty: ReactNode;
  readonly renderError: (error: Error) => ReactNode;
}

const blank = "\u00a0";
const rowHeight = 36;
/** Rows drawn, and fetched, above and below those in sight. */
const overscan = 12;

/** The table of runs: only the rows in sight are in the page, and only their pages are fetched, however many runs there are. */
export function RunsTable({ view, selected, onSelect, onSort, empty, renderError }: RunsTableProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlyMap<string, number>>(new Map());
  const [visible, setVisible] = useState({ first: 0, last: 40 });
  const { total, error, rowAt, unfolded } = useRunRows(view, visible, open);
  const rows = rowCount(total ?? 0, unfolded);
  // It keeps its state outside of React, and this component is not compiled.
  // eslint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan,
    onChange: (instance) => {
      const range = instance.range;
      if (!range) return;
      const [first, last] = [Math.max(0, range.startIndex - overscan), range.endIndex + overscan];
      setVisible((old) => (old.first === first && old.last === last ? old : { first, last }));
    },
  });
  if (error && total === undefined) return <>{renderError(error)}</>;
  if (total === undefined) return <output className="loading">Loading…</output>;
  const items = virtual.getVirtualItems();
  const [above, below] = [items[0]?.start ?? 0, virtual.getTotalSize() - (items.at(-1)?.end ?? 0)];
  const toggle = (id: string, at: number): void => setOpen((old) => new Map(old.has(id) ? [...old].filter(([one]) => one !== id) : [...old, [id, at]]));
  const width = view.columns.reduce((sum, column) => sum + columnWidth(column), 0);
  return (
    <>
      {error ? renderError(error) : null}
      <output className="small muted">
        {count(total, "run")}
        {view.nested ? " at the top; nested ones are below their parents" : ""}
      </output>
      {total === 0 ? empty : (
        // The table scrolls by itself and takes the focus, so that the keyboard can scroll it.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <section ref={scroller} className="runs-scroll" style={{ height: `min(72vh, 60rem, ${(rows + 1) * rowHeight + 20}px)` }} tabIndex={0} aria-label="Runs, scrolls">
          <table className="runs-table" style={{ width: `calc(40px + var(--name-width) + ${width}px)` }} aria-label="Runs" aria-rowcount={rows + 1}>
            <colgroup>
              <col style={{ width: 40 }} />
              <col style={{ width: "var(--name-width)" }} />
              {view.columns.map((column) => <col key={column} style={{ width: columnWidth(column) }} />)}
            </colgroup>
            <thead>
              <tr aria-rowindex={1}>
                <td className="pick"><span className="visually-hidden">Choose</span></td>
                <SortHead column="attributes.run_name" sort={view.sort} onSort={onSort} />
                {view.columns.map((column) => <SortHead key={column} column={column} sort={view.sort} onSort={onSort} />)}
              </tr>
            </thead>
            <tbody>
              {above > 0 ? <tr className="gap" aria-hidden="true" style={{ height: above }}><td colSpan={2 + view.columns.length}>{blank}</td></tr> : null}
              {items.map((item) => {
                const place = placeOf(item.index, unfolded);
                const row = "top" in place ? rowAt(place.top) : place.row;
                const depth = "top" in place ? 0 : place.depth;
                if (!row) return <Waiting key={item.index} index={item.index} columns={view.columns.length} />;
                return (
                  <tr key={`${item.index} ${row.id}`} aria-rowindex={item.index + 2} className={selected.has(row.id) ? "selected" : undefined}>
                    <td className="pick"><input type="checkbox" checked={selected.has(row.id)} aria-label={`Choose ${row.name}`} onChange={(event) => onSelect(row, event.target.checked)} /></td>
                    <th scope="row">
                      <span className="run-name" style={{ paddingLeft: depth * 18 }}>
                        {view.nested ? <Fold row={row} open={open.has(row.id)} onToggle={() => toggle(row.id, "top" in place ? place.top : -1)} /> : null}
                        <Anchor to={`/runs/${encodeURIComponent(row.id)}`}>{shortId(row.name)}</Anchor>
                      </span>
                    </th>
                    {view.columns.map((column) => <td key={column} className={partsOf(column).kind === "metrics" ? "right" : undefined}><RunCell row={row} column={column} /></td>)}
                  </tr>
                );
              })}
              {below > 0 ? <tr className="gap" aria-hidden="true" style={{ height: below }}><td colSpan={2 + view.columns.length}>{blank}</td></tr> : null}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

/** A row whose page is on the way. */
function Waiting({ index, columns }: { index: number; columns: number }) {
  return (
    <tr aria-rowindex={index + 2} className="waiting">
      <td className="pick">{blank}</td>
      <th scope="row"><i /><span className="visually-hidden">Loading</span></th>
      <td colSpan={Math.max(1, columns)}>{blank}</td>
    </tr>
  );
}

function Fold({ row, open, onToggle }: { row: RunRow; open: boolean; onToggle: () => void }) {
  if (row.children === 0) return <span className="fold" />;
  return (
    <button type="button" className="fold" aria-expanded={open} aria-label={`${count(row.children, "nested run")} of ${row.name}`} onClick={onToggle}>
      <span aria-hidden="true">{open ? "▾" : "▸"}</span>
    </button>
  );
}

function SortHead({ column, sort, onSort }: { column: string; sort: string | undefined; onSort: (sort: string | undefined) => void }) {
  const title = columnTitle(column);
  const { kind, key } = partsOf(column);
  const right = kind === "metrics" ? "right" : undefined;
  const full = kind === "attributes" ? title : `${kind.replace(/s$/, "")} ${key}`;
  if (column === "attributes.duration") return <th scope="col">{title}</th>;
  const state = sort === column ? "ascending" : sort === `-${column}` ? "descending" : "none";
  // Numbers and times begin with the greatest; the third press goes back to the newest first.
  const greatestFirst = kind === "metrics" || key === "start_time";
  const [first, second] = greatestFirst ? [`-${column}`, column] : [column, `-${column}`];
  return (
    <th scope="col" className={right} aria-sort={state}>
      <button type="button" title={full} onClick={() => onSort(sort === first ? second : sort === second ? undefined : first)}>{title}</button>
    </th>
  );
}
