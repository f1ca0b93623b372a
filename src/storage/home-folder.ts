import { constants } from "node:fs";
import { access, chmod, lstat, mkdir, readdir, stat, statfs } from "node:fs/promises";
import { join, sep } from "node:path";
import { MillraceError } from "../errors.ts";

/** What a home folder lets others do: nothing. */
const ownerOnly = 0o700;

/**
 * Makes a home folder, or takes one that is there: it is its owner's alone (folders 0700, files 0600). What is in a home that others could enter is tightened;
 * links are left as they are. Says what could not be, as it belongs to somebody else. Throws `server.bad_home` with the path and what to do where it is no
 * folder, or cannot be written.
 */
export async function openHome(home: string): Promise<string[]> {
  try {
    await mkdir(home, { recursive: true, mode: ownerOnly });
  } catch (error) {
    throw await badHome(home, error);
  }
  // A file of that name passes mkdir's test for being there.
  if (!(await stat(home)).isDirectory()) throw await badHome(home, Object.assign(new Error(), { code: "ENOTDIR" }));
  try {
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    // What only a write finds out: a file system that is read-only, or full.
    await mkdir(join(home, "run"), { recursive: true, mode: ownerOnly });
  } catch (error) {
    throw await badHome(home, error);
  }
  if (((await stat(home)).mode & 0o077) === 0) return [];
  const left: string[] = [];
  await tighten(home, left);
  return left;
}

/** Files created from here on by this process, and those that it starts, are their owner's alone; not where artifacts are kept elsewhere, which others may share. */
export function keepPrivate(home: string, artifacts: string): void {
  if (artifacts.startsWith(home + sep)) process.umask(0o077);
}

/** The folder last, so that what was cut off is done again. */
async function tighten(path: string, left: string[]): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found || found.isSymbolicLink()) return;
  if (found.isDirectory()) for (const name of await readdir(path).catch(() => [])) await tighten(join(path, name), left);
  if ((found.mode & 0o077) !== 0) await chmod(path, found.mode & ownerOnly).catch(() => left.push(path));
}

/** Why a home folder cannot be used, in one sentence with what to do. */
async function badHome(home: string, error: unknown): Promise<MillraceError> {
  const { code } = error as NodeJS.ErrnoException;
  const other = "or name another folder with --home (MILLRACE_HOME)";
  const free = code === "ENOSPC" ? await freeBytes(home) : undefined;
  const sentences: Readonly<Record<string, string>> = {
    ENOTDIR: `The home folder ${home} is a file, or leads through one; remove it, ${other}`,
    EEXIST: `The home folder ${home} is a file, or leads through one; remove it, ${other}`,
    EACCES: `The home folder ${home} cannot be read and written by this user; make the user its owner (chown), ${other}`,
    EPERM: `The home folder ${home} cannot be read and written by this user; make the user its owner (chown), ${other}`,
    EROFS: `The home folder ${home} is on a file system that is read-only; mount it for writing, ${other}`,
    ENOSPC: `There is no space for the home folder ${home}${free === undefined ? "" : ` (${free} bytes are free)`}; make room, ${other}`,
    EDQUOT: `The quota of this user leaves no space for the home folder ${home}; make room, ${other}`,
  };
  const sentence = sentences[code ?? ""];
  return sentence === undefined
    ? new MillraceError("server.bad_home", 500, `The home folder ${home} cannot be used (${(error as Error).message}); mend that, ${other}`, { cause: error })
    : new MillraceError("server.bad_home", code === "ENOSPC" || code === "EDQUOT" ? 507 : 400, sentence, { details: { home } });
}

/** Bytes that this user may still write to the file system of a folder, or of the nearest one above it that is there. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  for (let at = folder; ; at = join(at, "..")) {
    const found = await statfs(at).catch(() => undefined);
    if (found) return found.bavail * found.bsize;
    if (at === join(at, "..")) return undefined;
  }
}
