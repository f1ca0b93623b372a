import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Facts } from "../../ui/facts.tsx";
import { formatBytes, formatMoment, formatNumber, shortId } from "../../ui/format.ts";
import { useFixedQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DatasetVersionDetails } from "../data.ts";
import { ColumnProfiles } from "./column-profiles.tsx";
import { dataApi } from "./data-api.ts";
import { FirstRows } from "./first-rows.tsx";

/** One dataset version: what is in it, what is odd about it, and which columns a model may use. */
export function DatasetVersionPage({ params }: PageProps) {
  const id = params["version"] ?? "";
  const query = useFixedQuery(["data", "version", id], (signal) => dataApi("GET /versions/:id", { params: { id } }, { signal }));
  return (
    <Page title={`Version ${shortId(id)}`} crumbs={[{ title: "Data", to: "/data" }]}>
      <Loaded query={query}>{(version) => <Version version={version} />}</Loaded>
    </Page>
  );
}

function Version({ version }: { version: DatasetVersionDetails }) {
  const { manifest, validation, profile } = version;
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  return (
    <>
      <section className="panel" aria-label="In short">
        <Facts
          facts={[
            { name: "Rows", value: formatNumber(version.rows), note: `${formatNumber(profile.duplicates)} duplicates` },
            { name: "Columns", value: profile.columns.length, note: `${validation.features.length} of them features` },
            { name: "Target", value: validation.target, note: `${validation.task}: ${validation.taskReason}` },
            { name: "Made", value: formatMoment(version.createdAt), note: manifest.source ? `from ${manifest.source.name}, ${formatBytes(size)}` : formatBytes(size) },
            ...manifest.parents.map((parent) => ({ name: "Grown from", value: <Anchor to={`/data/${parent}`}><code>{shortId(parent)}</code></Anchor> })),
          ]}
        />
      </section>
      <div className="columns">
        <Findings version={version} />
        <Anomalies version={version} />
      </div>
      <Panel title="Columns" note="The shape of every column; bars of numbers are twenty bins of equal width, bars of categories the most frequent values.">
        <ColumnProfiles profile={profile} validation={validation} />
      </Panel>
      <Panel title="First rows">
        <FirstRows id={version.id} />
      </Panel>
    </>
  );
}

function Findings({ version: { validation } }: { version: DatasetVersionDetails }) {
  return (
    <Panel title="Leakage findings" note="Columns that give the target away or name the rows are no features, unless the project says otherwise.">
      {validation.findings.length === 0 ? (
        <p className="muted">None: no column gives the target away.</p>
      ) : (
        <ul className="stack">
          {validation.findings.map((finding) => (
            <li key={finding.columns.join(" ") + finding.kind}>
              <Badge tone={finding.kind === "leak" ? "bad" : "copper"} icon="alert">
                {finding.kind}
              </Badge>{" "}
              {finding.evidence}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Anomalies({ version: { validation } }: { version: DatasetVersionDetails }) {
  return (
    <Panel title="Anomalies" note="What does not fit the schema, under the names of TensorFlow Data Validation.">
      {validation.anomalies.length === 0 ? (
        <p className="muted">None: the data fit the schema.</p>
      ) : (
        <DataTable
          label="Anomalies"
          rows={validation.anomalies}
          rowKey={(anomaly) => `${anomaly.column} ${anomaly.type}`}
          pageSize={6}
          columns={[
            { key: "column", header: "Column", render: ({ column }) => column ?? "whole table" },
            { key: "severity", header: "Severity", render: ({ severity }) => (severity === "ERROR" ? <Badge tone="bad" icon="cross">error</Badge> : <Badge tone="copper" icon="alert">warning</Badge>) },
            { key: "message", header: "What", render: ({ message }) => message },
          ]}
        />
      )}
    </Panel>
  );
}
