import { createReadStream, existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { SourceFile } from "./source.ts";

/** Where on this machine an artifact URI leads; undefined for places that are not on it. `proxied` is the folder `mlflow-artifacts:` stands for. */
export function localFolder(uri: string, base: string, proxied: string | undefined): string | undefined {
  const below = /^mlflow-artifacts:(?:\/\/[^/]*)?\/?(.*)$/.exec(uri)?.[1];
  if (below !== undefined) return proxied === undefined ? undefined : join(proxied, below);
  if (/^file:/i.test(uri)) {
    // MLflow writes these with and without percent codes; a file of that very name goes first.
    const plain = uri.replace(/^file:(?:\/\/(?:localhost)?)?(?=\/)/i, "");
    return decodable(uri) ? fileURLToPath(uri) : plain;
  }
  return /^[a-z][a-z0-9+.-]+:/i.test(uri) ? undefined : join(uri.startsWith("/") ? "" : base, uri);
}

const decodable = (uri: string): boolean => {
  try {
    fileURLToPath(uri);
    return /%[0-9a-f]{2}/i.test(uri);
  } catch {
    return false;
  }
};

export const missingLocal = (folder: string | undefined): string | undefined => (folder === undefined || existsSync(folder) ? undefined : folder);

/** All files below a folder, links followed; none when there is no such folder. */
export async function* filesBelow(root: string, folder = root): AsyncIterable<SourceFile> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of (entries as string[]).toSorted()) {
    const path = join(folder, name);
    if ((await stat(path)).isDirectory()) yield* filesBelow(root, path);
    else yield { path: relative(root, path).split(sep).join("/"), open: () => Promise.resolve(createReadStream(path)) };
  }
}
