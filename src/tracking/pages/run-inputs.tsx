import { Anchor } from "../../ui/anchor.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Panel } from "../../ui/panel.tsx";
import type { RunDetails } from "./run-details.ts";
import { trackingApi } from "./tracking-api.ts";

/** What a run read, and the models it read or made. */
export function RunInputs({ run }: { run: RunDetails }) {
  const lineage = useLiveQuery(["tracking", "lineage", run.id], (signal) => trackingApi("GET /lineage/:kind/:id", { params: { kind: "run", id: run.id } }, { signal }));
  const versions = (lineage.data?.edges ?? []).filter(({ from, to }) => from.kind === "run" && from.id === run.id && to.kind === "model_version").map(({ to }) => to.id);
  const models = [
    ...versions.map((id) => ({ id, role: "registered version", path: `/models/${id.split("/").map(encodeURIComponent).join("/")}` as string | undefined })),
    ...run.outputModels.map(({ modelId }) => ({ id: modelId, role: "made by this run", path: undefined })),
    ...run.inputModels.map(({ modelId }) => ({ id: modelId, role: "read by this run", path: undefined })),
  ];
  if (models.length === 0 && run.datasets.length === 0) return null;
  return (
    <div className="columns">
      {run.datasets.length > 0 ? (
        <Panel title="Datasets">
          <DataTable
            label="Datasets"
            rows={run.datasets}
            rowKey={({ dataset }) => `${dataset.name} ${dataset.digest}`}
            columns={[
              { key: "name", header: "Dataset", render: ({ dataset }) => dataset.name },
              { key: "digest", header: "Digest", render: ({ dataset }) => <code>{shortId(dataset.digest)}</code> },
              { key: "context", header: "Used for", render: ({ tags }) => tags["mlflow.data.context"] ?? "–" },
              { key: "source", header: "Kind of source", render: ({ dataset }) => dataset.sourceType },
            ]}
          />
        </Panel>
      ) : null}
      {models.length > 0 ? (
        <Panel title="Models">
          <DataTable
            label="Models"
            rows={models}
            rowKey={({ id, role }) => `${id} ${role}`}
            columns={[
              { key: "id", header: "Model", render: ({ id, path }) => (path ? <Anchor to={path}>{id}</Anchor> : <code>{id}</code>) },
              { key: "role", header: "Role", render: ({ role }) => role },
            ]}
          />
        </Panel>
      ) : null}
    </div>
  );
}
