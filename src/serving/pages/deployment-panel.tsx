import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { SplitBar } from "../../ui/charts/split-bar.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMilliseconds, formatMoment, formatNumber, formatPercent } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { DeploymentStatus } from "../types.ts";
import { DeployButton, RemoveButton, RollBackButton } from "./change-traffic.tsx";
import { rowsText } from "./serving-words.ts";
import { variantColor } from "./variant-colors.ts";

/** A deployment as it is now: traffic split, and what each variant has answered since the last change. */
export function DeploymentPanel({ deployment }: { deployment: DeploymentStatus }) {
  const { endpoint, variants, ready, reason, updatedAt } = deployment;
  return (
    <Panel title={endpoint} aside={ready ? <Badge tone="good" icon="check">ready</Badge> : <Badge tone="bad" icon="cross">not ready</Badge>}>
      <div className="stack">
        <SplitBar label={`Traffic split of ${endpoint}`} parts={variants.map(({ name, version, weight }) => ({ name: `v${version} ${name}`, share: weight, color: variantColor(name) }))} />
        <p className="row">
          <DeployButton endpoint={endpoint} />
          <RollBackButton endpoint={endpoint} />
          <RemoveButton endpoint={endpoint} />
        </p>
        <p>
          {reason} <span className="muted small">({formatMoment(updatedAt)})</span>
        </p>
        <p className="small muted">Counts and latency since the gateway started; over longer times below.</p>
        <DataTable
          label="Variants"
          rows={variants}
          rowKey={(variant) => variant.name}
          columns={[
            { key: "name", header: "Variant", render: ({ name }) => name },
            { key: "version", header: "Version", render: ({ version }) => <Anchor to={`/models/${encodeURIComponent(endpoint)}/${version}`}>v{version}</Anchor> },
            { key: "weight", header: "Traffic", align: "right", render: ({ weight, shadow }) => `${formatPercent(weight)}${shadow ? ", shadows the rest" : ""}` },
            { key: "requests", header: "Requests", align: "right", render: ({ requests }) => formatNumber(requests) },
            { key: "errors", header: "Errors", align: "right", render: ({ errors }) => (errors === 0 ? "0" : <Badge tone="bad" icon="alert">{formatNumber(errors)}</Badge>) },
            { key: "p50", header: "Latency p50", align: "right", render: ({ latency }) => (latency ? formatMilliseconds(latency.p50) : "–") },
            { key: "p99", header: "Latency p99", align: "right", render: ({ latency }) => (latency ? formatMilliseconds(latency.p99) : "–") },
          ]}
        />
        {variants.flatMap(({ name, version, rows, remarks }) =>
          [...rowsText(rows), ...remarks].map((text) => (
            <p key={`${name} ${text}`} className="small">
              v{version} {name}: {text}
            </p>
          )),
        )}
      </div>
    </Panel>
  );
}
