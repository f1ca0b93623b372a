import { Anchor } from "../../ui/anchor.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Panel } from "../../ui/panel.tsx";
import type { RunDetails } from "./run-details.ts";
import { RunStatus } from "./run-status.tsx";
import { trackingApi } from "./tracking-api.ts";

/** The runs nested below a run, with the way to compare them. */
export function NestedRuns({ run }: { run: RunDetails }) {
  const query = useLiveQuery(["tracking", "nested", run.id], (signal) => trackingApi("GET /runs/:id/children", { params: { id: run.id } }, { signal }));
  const { runs, total } = query.data ?? { runs: [], total: 0 };
  if (runs.length === 0) return null;
  const compared = runs.slice(0, 50).map(({ id }) => encodeURIComponent(id));
  const aside = compared.length > 1 ? <Anchor to={`/compare/${compared.join(",")}`}>{total > 50 ? "Compare the newest 50" : "Compare them"}</Anchor> : null;
  return (
    <Panel title="Nested runs" note={total > runs.length ? `The newest ${runs.length} of ${total}.` : undefined} aside={aside}>
      <DataTable
        label="Nested runs"
        rows={runs}
        rowKey={({ id }) => id}
        columns={[
          { key: "name", header: "Run", sort: ({ name }) => name, render: ({ id, name }) => <Anchor to={`/runs/${encodeURIComponent(id)}`}>{name}</Anchor> },
          { key: "status", header: "Status", sort: ({ status }) => status, render: ({ status }) => <RunStatus status={status} /> },
          { key: "started", header: "Started", sort: ({ startedAt }) => startedAt, render: ({ startedAt }) => formatMoment(startedAt) },
        ]}
      />
    </Panel>
  );
}
