import { constants } from "node:fs";
import { access, chmod, lstat, mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { MillraceError } from "../errors.ts";
import { freeBytes } from "./disk-full.ts";

/** In a home as long as a restore writes to it: what is half there is taken for no home. */
export const restoringFile = "restoring.json";

/** What a home folder lets others do: nothing. */
const ownerOnly = 0o700;

/**
 * Makes a home folder, or takes one that is there: it is its owner's alone (folders 0700, files 0600). What is in a home that others could enter is tightened;
 * links are left as they are. Says what could not be, as it belongs to somebody else. Throws `server.bad_home` with the path and what to do where it is no
 * folder, or cannot be written.
 */
export async function openHome(home: string): Promise<string[]> {
  try {
    await makeFolders(home);
  } catch (error) {
    throw badHome(home, error);
  }
  // A file of that name passes mkdir's test for being there.
  if (!(await stat(home)).isDirectory()) throw badHome(home, Object.assign(new Error(), { code: "ENOTDIR" }));
  if (await stat(join(home, restoringFile)).then(() => true, () => false)) {
    throw new MillraceError("server.restoring", 409, `The home folder ${home} was not restored to the end; run \`millrace restore\` with it again, or name another folder with --home (MILLRACE_HOME)`, { details: { home } });
  }
  try {
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
    // What only a write finds out: a file system that is read-only, or full.
    await mkdir(join(home, "run"), { recursive: true, mode: ownerOnly });
  } catch (error) {
    throw badHome(home, error);
  }
  if (((await stat(home)).mode & 0o077) === 0) return [];
  const left: string[] = [];
  await tighten(home, left);
  return left;
}

/**
 * Makes sure that a home which was lived in still has its database: one that is empty, or not there, beside artifacts would be taken for a new home, and everything in
 * it for gone. Throws `storage.database_gone`.
 */
export async function requireDatabase(home: string): Promise<void> {
  const file = join(home, "millrace.db");
  const size = await stat(file).then((found) => found.size, () => undefined);
  if (size !== undefined && size > 0) return;
  if (!(await holdsContent(join(home, "artifacts")))) return;
  throw new MillraceError("storage.database_gone", 409, `The home folder ${home} holds artifacts, and its database ${file} is ${size === undefined ? "not there" : "empty"}: restore a backup into another folder (\`millrace restore\`), say where the database is if it is in PostgreSQL (--database), or, to begin anew, move ${join(home, "artifacts")} away`, { details: { file } });
}

async function holdsContent(artifacts: string): Promise<boolean> {
  const folders = (await readdir(artifacts).catch(() => [])).filter((name) => /^[0-9a-f]{2}$/.test(name));
  for (const folder of folders) if ((await readdir(join(artifacts, folder)).catch(() => [])).some((name) => /^[0-9a-f]{62}$/.test(name))) return true;
  return false;
}

/** Files created from here on by this process, and those that it starts, are their owner's alone; not where artifacts are kept elsewhere, which others may share. */
export function keepPrivate(home: string, artifacts: string): void {
  if (artifacts.startsWith(home + sep)) process.umask(0o077);
}

/** Step by step, as the recursive `mkdir` tells a file system that is read-only as one where nothing is, and never ends where nothing can be made (nodejs/node, `fs.mkdir`). */
async function makeFolders(path: string): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(path, { mode: ownerOnly }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  try {
    await make();
  } catch (error) {
    const above = dirname(path);
    const isThere = await stat(above).then(() => true, () => false);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || above === path || isThere) throw error;
    await makeFolders(above);
    await make();
  }
}

/** The folder last, so that what was cut off is done again. */
async function tighten(path: string, left: string[]): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found || found.isSymbolicLink()) return;
  if (found.isDirectory()) for (const name of await readdir(path).catch(() => [])) await tighten(join(path, name), left);
  if ((found.mode & 0o077) !== 0) await chmod(path, found.mode & ownerOnly).catch(() => left.push(path));
}

/** Why a home folder cannot be used, in one sentence with what to do. */
function badHome(home: string, error: unknown): MillraceError {
  const { code } = error as NodeJS.ErrnoException;
  const other = "or name another folder with --home (MILLRACE_HOME)";
  const free = code === "ENOSPC" ? freeBytes(home) : undefined;
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
    ? new MillraceError("server.bad_home", 500, `The home folder ${home} cannot be used (${(error as Error).message}); mend that, ${other}`, { details: { home } })
    : new MillraceError("server.bad_home", code === "ENOSPC" || code === "EDQUOT" ? 507 : 400, sentence, { details: { home } });
}
