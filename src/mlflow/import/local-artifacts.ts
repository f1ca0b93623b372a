import { constants, existsSync } from "node:fs";
import { access, lstat, open, readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describeError, MillraceError } from "../../errors.ts";
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

/**
 * All files below a folder, links followed; none when there is no such folder. What cannot be read (a broken link, a folder that this user may not enter, a link
 * that leads back up, a socket) comes with the reason, and what lies beside it comes as ever.
 */
export function filesBelow(root: string): AsyncIterable<SourceFile> {
  return below(root, root, []);
}

async function* below(root: string, folder: string, above: readonly string[]): AsyncIterable<SourceFile> {
  const pathOf = (path: string): string => relative(root, path).split(sep).join("/");
  let entries: string[];
  let here: string;
  try {
    [entries, here] = [await readdir(folder), await realpath(folder)];
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT" && !(await lstat(folder).catch(() => undefined));
    if (!absent) yield unreadable(pathOf(folder) || ".", whyUnreadable(folder, error));
    return;
  }
  if (above.includes(here)) {
    yield unreadable(pathOf(folder), `it is a link to ${here}, which holds it`);
    return;
  }
  for (const name of entries.toSorted()) {
    const path = join(folder, name);
    try {
      const found = await stat(path);
      if (found.isDirectory()) {
        yield* below(root, path, [...above, here]);
        continue;
      }
      if (!found.isFile()) throw new Error("it is neither a file nor a folder");
      await access(path, constants.R_OK);
    } catch (error) {
      yield unreadable(pathOf(path), whyUnreadable(path, error));
      continue;
    }
    yield { path: pathOf(path), open: async () => (await open(path)).createReadStream() };
  }
}

const unreadable = (path: string, why: string): SourceFile => ({ path, unreadable: why, open: () => Promise.reject(new MillraceError("mlflow.unreadable", 400, `The file ${path} of the source cannot be read: ${why}`)) });

const whyUnreadable = (path: string, error: unknown): string =>
  (error as NodeJS.ErrnoException).code === "ENOENT" ? `it is a link that leads nowhere (${path})` : describeError(error);
