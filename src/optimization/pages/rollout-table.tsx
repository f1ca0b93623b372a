import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { formatDay, formatNumber, formatSpan } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { CanaryEvidence, Decision, Rollout } from "../types.ts";
import { DifferenceWhisker } from "./difference-whisker.tsx";
import { evidenceOf } from "./rollout-evidence.ts";

interface Row {
  readonly rollout: Rollout;
  readonly evidence: CanaryEvidence | undefined;
}

/** Every challenger's way: champion against challenger on the same labelled requests. */
export function RolloutTable({ rollouts, decisions, endpoint }: { rollouts: readonly Rollout[]; decisions: readonly Decision[]; endpoint: string }) {
  const rows = rollouts.map((rollout): Row => ({ rollout, evidence: evidenceOf(rollout, decisions) }));
  const most = Math.max(...rows.map(({ evidence }) => (evidence ? Math.max(Math.abs(evidence.low), Math.abs(evidence.high)) : 0)), Number.MIN_VALUE);
  const version = (number: number) => <Anchor to={`/models/${encodeURIComponent(endpoint)}/${number}`}>v{number}</Anchor>;
  const columns: TableColumn<Row>[] = [
    { key: "challenger", header: "Challenger", sort: ({ rollout }) => rollout.challengerVersion, render: ({ rollout }) => version(rollout.challengerVersion) },
    { key: "champion", header: "Champion", render: ({ rollout }) => version(rollout.championVersion) },
    { key: "state", header: "Outcome", sort: ({ rollout }) => rollout.state, render: ({ rollout }) => <RolloutState state={rollout.state} /> },
    { key: "challenger loss", header: "Challenger’s loss", align: "right", sort: ({ evidence }) => evidence?.challengerLoss, render: ({ evidence }) => formatNumber(evidence?.challengerLoss) },
    { key: "champion loss", header: "Champion’s loss", align: "right", sort: ({ evidence }) => evidence?.championLoss, render: ({ evidence }) => formatNumber(evidence?.championLoss) },
    { key: "difference", header: "Paired difference, interval", render: ({ evidence }) => (evidence ? <DifferenceWhisker evidence={evidence} most={most} /> : "–") },
    { key: "labels", header: "Labels", align: "right", sort: ({ evidence }) => evidence?.labels, render: ({ evidence }) => formatNumber(evidence?.labels) },
    { key: "started", header: "Began", align: "nowrap", sort: ({ rollout }) => rollout.startedAt, render: ({ rollout }) => formatDay(rollout.startedAt) },
    { key: "took", header: "Took", align: "right", render: ({ rollout }) => (rollout.decidedAt === null ? "goes on" : formatSpan(rollout.decidedAt - rollout.startedAt)) },
  ];
  return (
    <Panel title="Rollouts" note="Both versions score every request of a canary, so the difference is paired: champion’s loss minus challenger’s. Right of the middle the challenger is better; an interval that leaves the middle out decides at once.">
      {rollouts.length === 0 ? <p className="muted">No challenger has come this far yet.</p> : <DataTable label="Rollouts" rows={rows} rowKey={({ rollout }) => rollout.id} columns={columns} pageSize={12} />}
    </Panel>
  );
}

function RolloutState({ state }: { state: Rollout["state"] }) {
  if (state === "canary") return <Badge tone="water" icon="branch">canary</Badge>;
  return state === "promoted" ? <Badge tone="good" icon="up">promoted</Badge> : <Badge tone="plum" icon="back">rolled back</Badge>;
}
