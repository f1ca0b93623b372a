import { Anchor } from "../../ui/anchor.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment, formatNumber, shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DatasetVersionSummary } from "../data.ts";
import { dataApi } from "./data-api.ts";

/** All versions of a model's dataset. */
export function DatasetVersionsPage() {
  const dataset = useCurrentModel();
  const query = useLiveQuery(["data", "versions", dataset], (signal) =>
    dataApi("GET /versions", { query: { limit: 1000, ...(dataset === null ? {} : { dataset }) } }, { signal }),
  );
  return (
    <Page title="Data" lead="What models learn from. A version is named by its content: the same rows are the same version.">
      <Loaded query={query}>
        {({ versions }) =>
          versions.length === 0 ? (
            <EmptyNotice title="No data yet">
              <p>
                Run <code>millrace init TABLE</code>, then <code>millrace run</code>.
              </p>
            </EmptyNotice>
          ) : (
            <Panel title={`Dataset versions of ${versions[0].dataset}`}>
              <VersionsTable versions={versions} />
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}

function VersionsTable({ versions }: { versions: readonly DatasetVersionSummary[] }) {
  return (
    <DataTable
      label="Dataset versions"
      rows={versions}
      rowKey={(version) => version.id}
      words={(version) => [version.id, formatMoment(version.createdAt)]}
      columns={[
        { key: "id", header: "Version", render: ({ id }) => <Anchor to={`/data/${id}`}><code>{shortId(id)}</code></Anchor> },
        { key: "rows", header: "Rows", align: "right", sort: (version) => version.rows, render: ({ rows }) => formatNumber(rows) },
        {
          key: "growth",
          header: "New rows",
          align: "right",
          render: (version) => {
            const before = versions[versions.indexOf(version) + 1];
            return before ? `+${formatNumber(version.rows - before.rows)}`.replace("+−", "−") : "–";
          },
        },
        { key: "created", header: "Made", align: "nowrap", sort: (version) => version.createdAt, render: ({ createdAt }) => formatMoment(createdAt) },
      ]}
    />
  );
}
