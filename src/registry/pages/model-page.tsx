import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { registryApi } from "./registry-api.ts";
import { VersionsTable } from "./versions-table.tsx";

/** One registered model: its versions and the record of what was changed, by whom and why. */
export function ModelPage({ params }: PageProps) {
  const name = params["model"] ?? "";
  const history = useLiveQuery(["registry", "history", name], (signal) => registryApi("GET /models/:name/history", { params: { name } }, { signal }));
  return (
    <Page title={name} crumbs={[{ title: "Models", to: "/models" }]}>
      <VersionsTable model={name} />
      <Loaded query={history}>
        {({ entries }) => (
          <Panel title="History" note="From the audit log.">
            <DataTable
              label="History"
              rows={entries}
              rowKey={(entry) => String(entry.seq)}
              pageSize={12}
              columns={[
                { key: "time", header: "When", align: "nowrap", sort: (entry) => entry.time, render: (entry) => formatMoment(entry.time) },
                { key: "action", header: "What", align: "nowrap", render: (entry) => actionText(entry.action, entry.details) },
                { key: "actor", header: "Who", sort: (entry) => entry.actor, render: (entry) => entry.actor },
                { key: "reason", header: "Why", align: "wide", render: (entry) => entry.reason },
              ]}
            />
          </Panel>
        )}
      </Loaded>
    </Page>
  );
}

/** An audit action in words. */
function actionText(action: string, details: Readonly<Record<string, unknown>>): string {
  if (action === "registry.version_registered") return `version ${String(details["version"])} registered`;
  if (action === "registry.alias_moved") return `${String(details["alias"])} is now version ${String(details["to"])}`;
  return action;
}
