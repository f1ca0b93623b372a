import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment, formatPercent } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Variant } from "../types.ts";
import { servingApi } from "./serving-api.ts";

/** Every change of who answers, from the audit log. */
export function DeploymentHistory({ endpoint }: { endpoint: string }) {
  const query = useLiveQuery(["serving", "history", endpoint], (signal) => servingApi("GET /deployments/:endpoint/history", { params: { endpoint } }, { signal }));
  return (
    <Panel title="History" note="Every change of who answers, from the audit log.">
      <Loaded query={query}>
        {({ entries }) => (
          <DataTable
            label="History"
            rows={entries}
            rowKey={(entry) => String(entry.seq)}
            pageSize={10}
            columns={[
              { key: "time", header: "When", align: "nowrap", sort: (entry) => entry.time, render: (entry) => formatMoment(entry.time) },
              { key: "split", header: "Traffic split", align: "nowrap", render: ({ action, details }) => (action === "serving.deployment_removed" ? "removed" : splitText(details)) },
              { key: "more", header: "Rules and settings", render: (entry) => moreText(entry.details) },
              { key: "actor", header: "Who", sort: (entry) => entry.actor, render: (entry) => entry.actor },
              { key: "reason", header: "Why", align: "wide", render: (entry) => entry.reason },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

const splitText = (details: Readonly<Record<string, unknown>>): string =>
  ((details["variants"] as readonly Variant[] | undefined) ?? []).map((variant) => `v${variant.version} ${formatPercent(variant.weight)}`).join(", ");

/** What was set beside the shares, by name. */
const moreText = ({ traffic, settings }: Readonly<Record<string, unknown>>): string => Object.keys({ ...(traffic as object | undefined), ...(settings as object | undefined) }).join(", ") || "–";
