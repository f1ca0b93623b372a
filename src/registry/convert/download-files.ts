import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { MillraceError } from "../../errors.ts";
import type { Evidence } from "../evidence.ts";

/** Brings the files of a version into a folder. Throws `registry.download_failed`. */
export async function downloadFiles(base: string, { model, version, files }: Evidence, folder: string): Promise<void> {
  for (const { path } of files) {
    const target = join(folder, path);
    if (!target.startsWith(folder + sep)) throw new MillraceError("registry.download_failed", 500, `The server names a file ${JSON.stringify(path)}, which lies outside of its folder`);
    await mkdir(dirname(target), { recursive: true });
    const answer = await fetch(`${base}/api/registry/models/${encodeURIComponent(model)}/versions/${version}/files/${path.split("/").map(encodeURIComponent).join("/")}`);
    if (!answer.ok || !answer.body) throw new MillraceError("registry.download_failed", 502, `The file ${path} of version ${version} of ${model} did not come: ${answer.status} ${await answer.text()}`);
    await pipeline(answer.body as AsyncIterable<Uint8Array>, createWriteStream(target));
  }
}
