import { useState } from "react";
import { useAddress } from "../../ui/address.ts";
import { formatBytes } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { ArtifactPreview } from "./artifact-preview.tsx";
import "./artifacts.css";
import { trackingApi } from "./tracking-api.ts";

/** The files a run made: a tree, and beside it what is chosen. */
export function ArtifactBrowser({ run }: { run: string }) {
  const [address, change] = useAddress();
  const chosen = address["artifact"];
  const root = useLiveQuery(["tracking", "files", run, ""], (signal) => trackingApi("GET /runs/:id/files", { params: { id: run }, query: { path: "" } }, { signal }));
  if (root.data?.entries.length === 0) return <p className="muted">This run made no files.</p>;
  return (
    <div className="artifacts">
      <nav aria-label="Files of this run"><Folder run={run} path="" chosen={chosen} onChoose={(path) => change({ artifact: path })} /></nav>
      <div className="artifact">{chosen === undefined ? <p className="muted">Choose a file to look at it.</p> : <ArtifactPreview key={chosen} run={run} path={chosen} />}</div>
    </div>
  );
}

interface FolderProps {
  readonly run: string;
  readonly path: string;
  readonly chosen: string | undefined;
  readonly onChoose: (path: string) => void;
}

function Folder({ run, path, chosen, onChoose }: FolderProps) {
  const query = useLiveQuery(["tracking", "files", run, path], (signal) => trackingApi("GET /runs/:id/files", { params: { id: run }, query: { path } }, { signal }));
  return (
    <Loaded query={query}>
      {({ entries }) =>
        entries.length === 0 ? (
          <p className="muted">No files.</p>
        ) : (
          <ul className="files">
            {entries.map((entry) => {
              const name = entry.path.slice(path === "" ? 0 : path.length + 1);
              return (
                <li key={entry.path}>
                  {entry.folder ? (
                    <Foldable name={name} opened={chosen?.startsWith(`${entry.path}/`) ?? false}><Folder run={run} path={entry.path} chosen={chosen} onChoose={onChoose} /></Foldable>
                  ) : (
                    <button type="button" aria-current={chosen === entry.path ? "true" : undefined} onClick={() => onChoose(entry.path)}>
                      <span>{name}</span>
                      <small>{formatBytes(entry.size)}</small>
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
        )
      }
    </Loaded>
  );
}

function Foldable({ name, opened, children }: { name: string; opened: boolean; children: React.ReactNode }) {
  const [open, setOpen] = useState(opened);
  return (
    <>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span><span aria-hidden="true">{open ? "▾" : "▸"}</span> {name}</span>
      </button>
      {open ? children : null}
    </>
  );
}
