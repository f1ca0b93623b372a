import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { formatDay, formatNumber, formatSpan } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { Decision, Rollout } from "../types.ts";
import { DifferenceWhisker } from "./difference-whisker.tsx";
import { evidenceOf, isAtOnce, type RolloutEvidence } from "./rollout-evidence.ts";
import { widestOf } from "./whisker-scale.ts";

interface Row {
  readonly rollout: Rollout;
  readonly evidence: RolloutEvidence | undefined;
}

/** Every challenger's way: champion against challenger on the same labelled rows, live or before. */
export function RolloutTable({ rollouts, decisions, endpoint }: { rollouts: readonly Rollout[]; decisions: readonly Decision[]; endpoint: string }) {
  const rows = rollouts.map((rollout): Row => ({ rollout, evidence: evidenceOf(rollout, decisions) }));
  const most = widestOf(rows.flatMap(({ evidence }) => evidence ?? []));
  const version = (number: number) => <Anchor to={`/models/${encodeURIComponent(endpoint)}/${number}`}>v{number}</Anchor>;
  const columns: TableColumn<Row>[] = [
    { key: "challenger", header: "Challenger", sort: ({ rollout }) => rollout.challengerVersion, render: ({ rollout }) => version(rollout.challengerVersion) },
    { key: "champion", header: "Champion", render: ({ rollout }) => version(rollout.championVersion) },
    { key: "state", header: "Outcome", sort: ({ rollout }) => rollout.state, render: ({ rollout }) => <RolloutState state={rollout.state} /> },
    { key: "challenger loss", header: "Challenger’s loss", align: "right", sort: ({ evidence }) => evidence?.challengerLoss, render: ({ evidence }) => formatNumber(evidence?.challengerLoss) },
    { key: "champion loss", header: "Champion’s loss", align: "right", sort: ({ evidence }) => evidence?.championLoss, render: ({ evidence }) => formatNumber(evidence?.championLoss) },
    { key: "difference", header: "Paired difference, interval", render: ({ evidence }) => (evidence ? <DifferenceWhisker evidence={evidence} most={most} /> : "–") },
    {
      key: "labels",
      header: "Compared on",
      align: "nowrap",
      sort: ({ evidence }) => evidence?.labels,
      render: ({ evidence }) => (evidence ? `${formatNumber(evidence.labels)} ${evidence.on === "live" ? "live labels" : "yardstick rows"}` : "–"),
    },
    { key: "started", header: "Began", align: "nowrap", sort: ({ rollout }) => rollout.startedAt, render: ({ rollout }) => formatDay(rollout.startedAt) },
    { key: "took", header: "Took", align: "right", render: ({ rollout }) => (rollout.decidedAt === null ? "goes on" : isAtOnce(rollout) ? "at once" : formatSpan(rollout.decidedAt - rollout.startedAt)) },
  ];
  return (
    <Panel
      title="Rollouts"
      note="The difference is paired, champion’s loss minus challenger’s on the same rows: right of the middle the challenger is better. During a canary both score every request, and an interval that leaves the middle out decides at once. A challenger that the comparison before was sure enough of takes all traffic at once: its numbers are of the yardstick, not live."
    >
      {rollouts.length === 0 ? <p className="muted">No challenger has come this far yet: one does when a retraining finds a better model that passes the gate (evaluate.gate of the project file).</p> : <DataTable label="Rollouts" rows={rows} rowKey={({ rollout }) => rollout.id} columns={columns} pageSize={12} />}
    </Panel>
  );
}

function RolloutState({ state }: { state: Rollout["state"] }) {
  if (state === "canary") return <Badge tone="water" icon="branch">canary</Badge>;
  return state === "promoted" ? <Badge tone="good" icon="up">promoted</Badge> : <Badge tone="plum" icon="back">rolled back</Badge>;
}
