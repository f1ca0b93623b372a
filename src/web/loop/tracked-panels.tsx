import { Anchor } from "../../ui/anchor.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment, formatNumber } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Panel } from "../../ui/panel.tsx";
import { api } from "../api.ts";

const shown = 6;

/** What clients logged last: the experiments with the newest runs, and the way to the traces; nothing where nothing was logged. */
export function TrackedPanels() {
  const experiments = useTracked();
  const traced = useLiveQuery(["tracking", "newest-traced"], (signal) => api.tracking("GET /traces/newest", { signal }));
  const found = (experiments.data?.experiments ?? []).filter(({ runs }) => runs > 0);
  if (found.length === 0) return null;
  return (
    <Panel
      title="Latest experiments"
      aside={
        <span className="row">
          <Anchor to="/experiments">All {formatNumber(experiments.data?.total)} experiments</Anchor>
          {traced.data?.experiment ? <Anchor to="/traces">Traces</Anchor> : null}
        </span>
      }
    >
      <DataTable
        label="Latest experiments"
        rows={found}
        rowKey={({ id }) => id}
        columns={[
          { key: "name", header: "Experiment", render: ({ id, name }) => <Anchor to={`/experiments/${encodeURIComponent(id)}`}>{name}</Anchor> },
          { key: "runs", header: "Runs", align: "right", render: ({ runs }) => formatNumber(runs) },
          { key: "changed", header: "Changed", align: "nowrap", render: ({ updatedAt }) => formatMoment(updatedAt) },
        ]}
      />
    </Panel>
  );
}

/** The experiments with the newest runs. */
export const useTracked = () => useLiveQuery(["tracking", "experiments", "start"], (signal) => api.tracking("GET /experiments", { query: { order: "newest_run", offset: 0, limit: shown } }, { signal }));
