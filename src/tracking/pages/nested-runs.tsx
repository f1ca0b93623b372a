import { useState } from "react";
import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Choice } from "../../ui/choice.tsx";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { count, formatNumber, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Panel } from "../../ui/panel.tsx";
import type { RunRow } from "../run-table.ts";
import { bestRuns, directionOf, type Direction } from "./best-run.ts";
import { columnTitle, partsOf, usualColumns, type KnownColumns } from "./run-columns.ts";
import { RunCell } from "./run-cell.tsx";
import type { RunDetails } from "./run-details.ts";
import { mainMetrics } from "./telling-columns.ts";
import { trackingApi } from "./tracking-api.ts";

/** The runs nested below a run, with what they were given and measured, which of them is best, and the way to compare them. */
export function NestedRuns({ run }: { run: RunDetails }) {
  const query = useLiveQuery(["tracking", "nested", run.id], (signal) => trackingApi("GET /runs/:id/children", { params: { id: run.id } }, { signal }));
  if (!query.data || query.data.runs.length === 0) return null;
  const { runs, total, columns } = query.data;
  return <NestedTable runs={runs} total={total} known={columns} />;
}

function NestedTable({ runs, total, known }: { runs: readonly RunRow[]; total: number; known: KnownColumns }) {
  const metrics = mainMetrics(known.metrics.map(({ key }) => key));
  const [chosen, setChosen] = useState<{ readonly metric?: string; readonly direction?: Direction }>({});
  const metric = chosen.metric ?? metrics.find((key) => directionOf(key) !== undefined) ?? metrics[0];
  const direction = metric === undefined ? undefined : (chosen.direction ?? directionOf(metric));
  const winner = metric === undefined || direction === undefined ? undefined : bestRuns(runs, metric, direction);
  const won = new Set(winner?.best.map(({ id }) => id));
  const compared = [...(winner?.best ?? []), ...runs.filter(({ id }) => !won.has(id))].slice(0, 50).map(({ id }) => encodeURIComponent(id));
  const shown = [...new Set([...usualColumns(known), ...(metric === undefined ? [] : [`metrics.${metric}`])])];
  return (
    <Panel
      title="Nested runs"
      note={total > runs.length ? `The newest ${formatNumber(runs.length)} of ${formatNumber(total)}; the experiment's table has all.` : undefined}
      aside={compared.length > 1 ? <Anchor to={`/compare/${compared.join(",")}`}>{total > 50 ? "Compare 50 of them" : "Compare them"}</Anchor> : null}
    >
      {metric === undefined ? null : (
        <div className="row nested-best">
          <Choice label="Best by" chosen={metric} options={metrics.map((key) => ({ id: key, name: key }))} onPick={(key) => setChosen({ metric: key })} />
          <Choice label="Better is" chosen={direction ?? ""} options={[...(direction ? [] : [{ id: "", name: "not known" }]), { id: "least", name: "the least" }, { id: "greatest", name: "the greatest" }]} onPick={(id) => setChosen({ metric, direction: id as Direction })} />
          <output>
            {direction === undefined ? "Its name does not tell which way it is better." : winner === undefined ? `No run has a number of ${metric}.` : <Winner winner={winner} metric={metric} direction={direction} />}
          </output>
        </div>
      )}
      <DataTable
        label="Nested runs"
        rows={runs}
        rowKey={({ id }) => id}
        words={({ name, id, values }) => [name, id, ...Object.entries(values).map(([column, value]) => `${partsOf(column).key}=${value}`)]}
        columns={[
          {
            key: "name",
            header: "Run",
            sort: ({ name }) => name,
            render: ({ id, name }) => (
              <span className="row">
                <Anchor to={`/runs/${encodeURIComponent(id)}`}>{name}</Anchor>
                {won.has(id) ? <Badge tone="good" icon="check">best</Badge> : null}
              </span>
            ),
          },
          ...shown.map((column): TableColumn<RunRow> => ({
            key: column,
            header: columnTitle(column),
            ...(partsOf(column).kind === "metrics" ? { align: "right" as const } : column === "attributes.start_time" || column === "attributes.duration" ? { align: "nowrap" as const } : {}),
            sort: (row) => sortValue(row, column),
            render: (row) => <RunCell row={row} column={column} />,
          })),
        ]}
      />
    </Panel>
  );
}

function Winner({ winner: { best, value, of }, metric, direction }: { winner: NonNullable<ReturnType<typeof bestRuns>>; metric: string; direction: Direction }) {
  return (
    <>
      <b>{best[0].name}</b>
      {best.length > 1 ? ` and ${count(best.length - 1, "other")} have` : " has"} the {direction} {metricName(metric)}, <b>{formatNumber(value)}</b>, of {count(of, "run")}.
    </>
  );
}

function sortValue(row: RunRow, column: string): string | number | null | undefined {
  const { kind, key } = partsOf(column);
  if (kind === "attributes") return key === "status" ? row.status : key === "start_time" ? row.startedAt : key === "duration" ? (row.endedAt === null ? null : row.endedAt - row.startedAt) : row.userId;
  const value = row.values[column];
  if (value === undefined) return undefined;
  const number = Number(value);
  return kind === "metrics" || (value !== "" && !Number.isNaN(number)) ? number : value;
}
