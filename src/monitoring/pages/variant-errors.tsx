import { ApiError } from "../../http/client.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { formatDay, formatNumber, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { ErrorWindow } from "../types.ts";
import { aggregateErrors } from "./aggregate-errors.ts";
import { monitoringApi } from "./monitoring-api.ts";

const mostShown = 12;

/** The live error of every version that has answered, in its role, newest first. */
export function VariantErrors({ endpoint }: { endpoint: string }) {
  const query = useLiveQuery(["monitoring", "errors", endpoint, "variants"], (signal) =>
    monitoringApi("GET /monitors/:endpoint/errors", { params: { endpoint }, query: {} }, { signal }),
  );
  if (query.error instanceof ApiError && query.error.code === "monitoring.monitor_not_found") {
    return (
      <Panel title="Live error by variant">
        <p className="muted">
          Nothing watches {endpoint}, as it was deployed by hand: <code>millrace run</code> deploys a model and watches it.
        </p>
      </Panel>
    );
  }
  return (
    <Panel title="Live error by variant" note="Over all labelled predictions a version made in its role, those in the shadow included.">
      <Loaded query={query}>
        {({ config, windows }) => {
          const rows = [...byVariant(windows)].map(([key, all]) => ({ key, ...all[0], ...aggregateErrors(config.task, all, Number.MAX_SAFE_INTEGER, 0)[0] }));
          const labelled = rows.filter((row) => (row.labels ?? 0) > 0).sort((a, b) => b.end - a.end || a.variant.localeCompare(b.variant));
          if (labelled.length === 0) return <p className="muted">No labels yet: live error appears as soon as labels arrive.</p>;
          return (
            <DataTable
              label="Live error by variant"
              rows={labelled}
              rowKey={(row) => row.key}
              pageSize={mostShown}
              columns={[
                { key: "version", header: "Version", sort: (row) => row.version, render: (row) => `v${row.version}` },
                { key: "role", header: "As", sort: (row) => row.variant, render: (row) => row.variant },
                ...Object.keys(labelled[0].metrics).map((metric) => ({
                  key: metric,
                  header: metricName(metric),
                  align: "right" as const,
                  sort: (row: (typeof labelled)[number]) => row.metrics[metric],
                  render: (row: (typeof labelled)[number]) => formatNumber(row.metrics[metric]),
                })),
                { key: "labels", header: "Labels", align: "right", sort: (row) => row.labels, render: (row) => formatNumber(row.labels) },
                { key: "span", header: "From – to", align: "nowrap", sort: (row) => row.start, render: (row) => `${formatDay(row.start)} – ${formatDay(row.end)}` },
              ]}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}

/** The windows of each version in each role. */
function byVariant(windows: readonly ErrorWindow[]): ReadonlyMap<string, ErrorWindow[]> {
  const groups = new Map<string, ErrorWindow[]>();
  for (const window of windows) {
    if (window.variant === "served") continue;
    const key = `${window.variant} ${window.version}`;
    const group = groups.get(key);
    if (group) group.push(window);
    else groups.set(key, [window]);
  }
  return groups;
}
