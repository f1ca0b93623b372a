import type { ReactNode } from "react";
import { Anchor } from "../../ui/anchor.tsx";
import { AskButton } from "../../ui/ask-button.tsx";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { formatDay, formatMoment, formatNumber, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { ModelVersion } from "../types.ts";
import { AliasBadges } from "./alias-badges.tsx";
import { modelPath, registryApi } from "./registry-api.ts";

const evidence = (version: ModelVersion) => (version.origin === "trained" ? version : undefined);
const formatDayOf = (time: number | null | undefined): string => (typeof time === "number" ? formatDay(time) : "–");

/** What only versions of this house tell. */
const trainedColumns: readonly TableColumn<ModelVersion>[] = [
  { key: "rows", header: "Rows", align: "right", sort: (version) => evidence(version)?.training.rows, render: (version) => formatNumber(evidence(version)?.training.rows) },
  { key: "until", header: "Data until", align: "nowrap", sort: (version) => evidence(version)?.training.until, render: (version) => formatDayOf(evidence(version)?.training.until) },
];

/** A model's versions, newest first, with why each one exists. */
export function VersionsTable({ model, aside, onDelete }: { model: string; aside?: ReactNode; onDelete?: (version: number, reason: string) => Promise<void> }) {
  const query = useLiveQuery(["registry", "versions", model], (signal) => registryApi("GET /models/:name/versions", { params: { name: model } }, { signal }));
  return (
    <Loaded query={query}>
      {({ versions }) => (
        <Panel title={`Versions of ${model}`} aside={aside}>
          {versions.length === 0 ? <p className="muted">There is no version of it.</p> : null}
          <DataTable
            label={`Versions of ${model}`}
            rows={versions}
            rowKey={(version) => String(version.version)}
            words={({ version, aliases, description, tags }) => [`v${version}`, ...aliases, description ?? "", ...Object.entries(tags).map(([key, value]) => `${key}:${value}`)]}
            columns={[
              {
                key: "version",
                header: "Version",
                sort: ({ version }) => version,
                render: ({ version, aliases }) => (
                  <span className="row" style={{ flexWrap: "nowrap" }}>
                    <Anchor to={modelPath(model, version)}>v{version}</Anchor>
                    <AliasBadges aliases={aliases} />
                  </span>
                ),
              },
              ...Object.keys(versions.map(evidence).find((one) => one !== undefined)?.metrics ?? {}).map((metric) => ({
                key: `metric ${metric}`,
                header: metricName(metric),
                align: "right" as const,
                sort: (version: (typeof versions)[number]) => evidence(version)?.metrics[metric]?.value,
                render: (version: (typeof versions)[number]) => formatNumber(evidence(version)?.metrics[metric]?.value),
              })),
              ...(versions.some(({ origin }) => origin === "trained") ? trainedColumns : []),
              { key: "created", header: "Registered", align: "nowrap", sort: ({ createdAt }) => createdAt, render: ({ createdAt }) => formatMoment(createdAt) },
              { key: "origin", header: "From", sort: ({ origin }) => origin, render: (version) => (version.origin === "trained" ? version.algorithm : "a client") },
              { key: "why", header: "Why", align: "wide", render: ({ trigger }) => <span className="small muted">{trigger}</span> },
              ...(onDelete ? [{ key: "actions", header: "Actions", render: ({ version }: ModelVersion) => <DeleteButton model={model} version={version} onDelete={onDelete} /> }] : []),
            ]}
          />
        </Panel>
      )}
    </Loaded>
  );
}

function DeleteButton({ model, version, onDelete }: { model: string; version: number; onDelete: (version: number, reason: string) => Promise<void> }) {
  return (
    <AskButton label="Delete" quiet title={`Delete version ${version} of ${model}`} confirm="Delete" fields={[{ name: "reason", label: "Why", required: true }]} run={({ reason }) => onDelete(version, reason)}>
      The aliases that point at it go with it. It can be restored until garbage is collected; a version that is deployed is not deleted.
    </AskButton>
  );
}
