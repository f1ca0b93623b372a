import { useState } from "react";
import { LineChart } from "../../ui/charts/line-chart.tsx";
import { Choice } from "../../ui/choice.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { count, formatDay, formatMilliseconds, formatNumber, formatPercent, formatSpan } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Traffic } from "../traffic.ts";
import { monitoringApi } from "./monitoring-api.ts";
import { trafficByVariant, trafficOverTime } from "./traffic-sums.ts";

const ranges = [1, 7, 30, 90, 365].map((days) => ({ id: String(days), name: count(days, "day") }));

/** Requests, errors and latency of an endpoint over time. */
export function TrafficPanel({ endpoint }: { endpoint: string }) {
  const [days, setDays] = useState("30");
  const query = useLiveQuery(["monitoring", "traffic", endpoint, days], (signal) => monitoringApi("GET /endpoints/:endpoint/traffic", { params: { endpoint }, query: { days: Number(days) } }, { signal }));
  return (
    <Panel title="Traffic over time" note="From the prediction log: it counts on when the gateway starts again. What was answered in the last moments comes once it is written." aside={<Choice label="Last" chosen={days} options={ranges} onPick={setDays} />}>
      <Loaded query={query}>{(traffic) => (traffic.spans.length === 0 ? <p className="muted">Nobody has asked in this time, or it is not logged yet.</p> : <Charts traffic={traffic} />)}</Loaded>
    </Panel>
  );
}

function Charts({ traffic }: { traffic: Traffic }) {
  const { x, requests, errors, p50, p99 } = trafficOverTime(traffic);
  const [asked, failed] = [requests, errors].map((values) => values.reduce((sum, one) => sum + one, 0));
  const unit = formatSpan(traffic.width);
  const slowest = p99.reduce<number>((most, one) => Math.max(most, one ?? 0), 0);
  const time = `from ${formatDay(x[0] * 1000)} to ${formatDay(x[x.length - 1] * 1000)}`;
  const points = x.length < 40;
  const axis = { xName: "from", x, xIsTime: true, fromZero: true } as const;
  return (
    <div className="stack">
      {traffic.sampled ? <p className="small">Only a share of the answers was logged: requests are estimated from it, errors are counted.</p> : null}
      <h3>Requests and errors per {unit}</h3>
      <LineChart
        summary={`${count(asked, "request")}, ${count(failed, "error")} (${formatPercent(failed / asked)}) ${time}`}
        {...axis}
        height={180}
        series={[
          { name: "requests", color: "var(--water)", values: requests, points },
          { name: "errors", color: "var(--bad)", values: errors, points },
        ]}
      />
      <h3>Latency, ms</h3>
      <LineChart
        summary={`99 % of the answers took less than ${formatMilliseconds(slowest)} in the slowest span of ${unit}, ${time}`}
        {...axis}
        height={160}
        series={[
          { name: "p50", color: "var(--water)", values: p50, points },
          { name: "p99", color: "var(--copper)", values: p99, points },
        ]}
      />
      <DataTable
        label="Traffic by variant"
        rows={trafficByVariant(traffic.spans)}
        rowKey={({ version, variant }) => `${version} ${variant}`}
        columns={[
          { key: "version", header: "Version", sort: ({ version }) => version, render: ({ version }) => `v${version}` },
          { key: "variant", header: "Variant", render: ({ variant }) => variant },
          { key: "requests", header: "Requests", align: "right", sort: (row) => row.requests, render: (row) => formatNumber(Math.round(row.requests)) },
          { key: "errors", header: "Errors", align: "right", sort: (row) => row.errors, render: (row) => formatNumber(row.errors) },
        ]}
      />
    </div>
  );
}
