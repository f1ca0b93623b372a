import { DataTable } from "../../ui/data-table.tsx";
import { formatBytes } from "../../ui/format.ts";
import { CodeBlock } from "../../ui/json-view.tsx";
import { useFixedQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import type { Preview } from "../preview.ts";
import { trackingApi } from "./tracking-api.ts";

/** One file: its beginning, its picture, or the page it is, in a sandbox; and always the way to download it. */
export function ArtifactPreview({ run, path }: { run: string; path: string }) {
  const query = useFixedQuery(["tracking", "preview", run, path], (signal) => trackingApi("GET /runs/:id/preview", { params: { id: run }, query: { path } }, { signal }));
  const file = `/api/tracking/runs/${encodeURIComponent(run)}/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`;
  return (
    <>
      <header className="row">
        <h3>{path}</h3>
        <span className="muted small">{query.data ? formatBytes(query.data.size) : ""}</span>
        <a href={`${file}?download=true`} download>Download</a>
      </header>
      <Loaded query={query}>
        {(preview) => (
          <>
            {"note" in preview && preview.note !== "" ? <p className="small muted">{preview.note}</p> : null}
            <Shown preview={preview} path={path} file={file} document={`/api/tracking/runs/${encodeURIComponent(run)}/document?path=${encodeURIComponent(path)}`} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Shown({ preview, path, file, document }: { preview: Preview; path: string; file: string; document: string }) {
  if (preview.kind === "image") return <img className="picture" src={file} alt={path} />;
  // No permission at all: no scripts, no forms, an origin of its own.
  if (preview.kind === "document") return <iframe className="document" title={path} src={document} sandbox="" />;
  if (preview.kind === "table") return <Rows path={path} rows={preview.rows} />;
  if (preview.kind === "text" && /\.(md|markdown)$/i.test(path)) return <Markdown text={preview.text} />;
  return preview.kind === "text" ? <CodeBlock label={path} text={preview.text} /> : null;
}

function Rows({ path, rows }: { path: string; rows: readonly (readonly string[])[] }) {
  const [header = [], ...body] = rows;
  const numbered = body.map((cells, index) => ({ cells, index }));
  const numeric = (column: number): boolean => body.length > 0 && body.every(({ [column]: cell }) => cell === undefined || cell === "" || !Number.isNaN(Number(cell)));
  return (
    <DataTable
      label={path}
      rows={numbered}
      rowKey={({ index }) => String(index)}
      columns={header.map((name, column) => ({
        key: String(column),
        header: name,
        ...(numeric(column) ? { align: "right" as const } : {}),
        sort: ({ cells }: (typeof numbered)[number]) => (numeric(column) && cells[column] ? Number(cells[column]) : cells[column]),
        render: ({ cells }: (typeof numbered)[number]) => cells[column] ?? "",
      }))}
    />
  );
}
