import { DataTable } from "../../ui/data-table.tsx";
import { formatBytes, shortId } from "../../ui/format.ts";
import type { Artifact } from "../types.ts";

/** The files a run made, each to open or download. */
export function ArtifactList({ run, artifacts }: { run: string; artifacts: readonly Artifact[] }) {
  return (
    <DataTable
      label="Artifacts"
      rows={artifacts}
      rowKey={(artifact) => artifact.path}
      columns={[
        { key: "path", header: "File", render: ({ path }) => <a href={`/api/tracking/runs/${encodeURIComponent(run)}/artifacts/${path}`}>{path}</a> },
        { key: "size", header: "Size", align: "right", render: ({ size }) => formatBytes(size) },
        { key: "hash", header: "SHA-256", render: ({ sha256 }) => <code className="muted">{shortId(sha256)}</code> },
      ]}
    />
  );
}
