import { Anchor } from "../../ui/anchor.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment } from "../../ui/format.ts";
import type { Firing } from "../triggers/types.ts";
import { PipelineState } from "./pipeline-state.tsx";

/** What fired and what did not, and why. */
export function FiringsTable({ firings, named = false }: { firings: readonly Firing[]; /** Says of which trigger each is. */ named?: boolean }) {
  return (
    <DataTable
      label="What fired and what did not"
      rows={firings}
      rowKey={(firing) => firing.id}
      words={(firing) => [firing.id, firing.trigger, firing.state, firing.cause, firing.why, firing.reason ?? ""]}
      columns={[
        { key: "asked", header: "When", align: "nowrap", sort: (firing) => firing.askedAt, render: (firing) => formatMoment(firing.askedAt) },
        ...(named ? [{ key: "trigger", header: "Trigger", sort: (firing: Firing) => firing.trigger, render: (firing: Firing) => <Anchor to={`/triggers/${encodeURIComponent(firing.trigger)}`}>{firing.trigger}</Anchor> }] : []),
        { key: "state", header: "State", sort: (firing) => firing.state, render: (firing) => <PipelineState state={firing.state} /> },
        { key: "why", header: "What happened", align: "wide", render: (firing) => <span className="small">{firing.why}</span> },
        { key: "reason", header: "Reason", align: "wide", render: (firing) => <span className="small muted">{firing.reason ?? ""}</span> },
        { key: "run", header: "Run", render: (firing) => (firing.runId === null ? "" : <Anchor to={`/pipelines/${encodeURIComponent(firing.runId)}`}>{firing.id}</Anchor>) },
      ]}
    />
  );
}
