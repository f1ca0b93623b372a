import { listOf, textOf, type Message, type ServerClient } from "./server-client.ts";
import { isElsewhere, type ArtifactRoot, type SourceFile } from "./source.ts";

const codedPath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** The files of a run or a logged model: through the server's artifact proxy where they lie there, else as its pages download them. */
export async function serverFiles(api: ServerClient, { kind, id, uri }: ArtifactRoot): Promise<AsyncIterable<SourceFile> | undefined> {
  const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/.exec(uri)?.[1];
  // Clients reach an object store by themselves, before and after.
  if (isElsewhere(uri)) return undefined;
  const list = (folder: string): Promise<Message> =>
    proxied !== undefined ? api.get("2.0/mlflow-artifacts/artifacts", { path: [proxied, folder].filter((part) => part !== "").join("/") })
    : kind === "run" ? api.get("2.0/mlflow/artifacts/list", { run_id: id, path: folder })
    : api.get(`2.0/mlflow/logged-models/${id}/artifacts/directories`, { artifact_directory_path: folder });
  const addressOf = (path: string): string =>
    proxied !== undefined ? `api/2.0/mlflow-artifacts/artifacts/${codedPath(`${proxied}/${path}`)}`
    : kind === "run" ? `get-artifact?${new URLSearchParams({ run_uuid: id, path }).toString()}`
    : `ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?${new URLSearchParams({ artifact_file_path: path }).toString()}`;
  async function* below(folder: string): AsyncIterable<SourceFile> {
    for (const entry of listOf(await list(folder), "files")) {
      const name = textOf(entry, "path").split("/").at(-1)!;
      const path = folder === "" ? name : `${folder}/${name}`;
      if (entry["is_dir"] === true) yield* below(path);
      else yield { path, open: () => api.bytes(addressOf(path)) };
    }
  }
  return below("");
}
