import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Settings } from "../../config.ts";
import { conflict, invalid, MillraceError, notFound } from "../../errors.ts";
import { hashFile } from "../../checked-file.ts";
import { quickCheck } from "../../storage/damage.ts";
import { onDisk } from "../../storage/disk-full.ts";
import { restoringFile } from "../../storage/home-folder.ts";
import { syncFolder } from "../../storage/sync-folder.ts";
import { homeHolder } from "../../storage/home-lock.ts";
import type { Migration } from "../../storage/migrations.ts";
import type { BackupStore } from "./backup-store.ts";
import { forEachAtOnce } from "./for-each-at-once.ts";
import { timeOf, type DatabaseCopy, type Manifest } from "./manifest.ts";
import { restorePostgres } from "./restore-postgres.ts";

/** What was restored. */
export interface Restored {
  readonly id: string;
  readonly time: number;
  readonly home: string;
  readonly contents: number;
  readonly bytes: number;
  /** What was not in the backup, as sentences. */
  readonly missing: readonly string[];
}

const atOnce = 4;

/**
 * Makes a home again as it was at a moment of a backup, every content checked on its way. What is written is no home until it is all there: a restore that was cut
 * off is told at the start of a server, and done again from its beginning. Throws `maintenance.home_in_use`, `maintenance.home_not_empty`,
 * `maintenance.backup_damaged`, `maintenance.wrong_database`.
 */
export async function restore(settings: Settings, store: BackupStore, at: string | undefined, rooms: readonly { readonly name: string; readonly migrations?: readonly Migration[] }[]): Promise<Restored> {
  const { home, artifacts } = settings;
  const id = await momentAt(store, at);
  const manifest = await store.read(id);
  checkKind(settings, manifest);
  const goesOn = await begin(home, store.place, id);
  await forEachAtOnce(manifest.artifacts, atOnce, async (content) => {
    const path = join(artifacts, content.sha256.slice(0, 2), content.sha256.slice(2));
    // A store of its own may have it.
    if (!artifacts.startsWith(home + sep) && (await hashFile(path).catch(() => undefined))?.sha256 === content.sha256) return;
    await store.take(content, path);
  });
  await mkdir(artifacts, { recursive: true });
  if (manifest.storeId !== null) await writeFile(join(artifacts, "store-id"), manifest.storeId);
  await forEachAtOnce(manifest.files, atOnce, (file) => store.take(file, join(home, placeOf(file.path))));
  if (manifest.database.kind === "sqlite") await restoreSqlite(manifest.database, store, join(home, "millrace.db"));
  else await restorePostgres(manifest.database, { note: `restored from the backup ${id} into ${home}`, goesOn }, store, settings.database!, rooms);
  await syncFolders(home);
  await rm(join(home, restoringFile));
  await syncFolder(home);
  const all = [...manifest.artifacts, ...manifest.files];
  return { id, time: manifest.time, home, contents: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0), missing: manifest.missing };
}

/** The newest backup that is not after a time: an id, or a moment in ISO 8601; the newest of all where none is given. */
export async function momentAt(store: BackupStore, at: string | undefined): Promise<string> {
  const ids = await store.ids();
  if (ids.length === 0) throw notFound("maintenance.no_backup", `There is no whole backup in ${store.place}`);
  if (at === undefined) return ids.at(-1)!;
  if (ids.includes(at)) return at;
  const time = timeOf(at) ?? Date.parse(at);
  if (!Number.isFinite(time)) throw invalid("maintenance.bad_time", `--at must be a moment such as 2026-11-30T16:05Z or 2026-11-30, or the name of a backup, got ${JSON.stringify(at)}`);
  const found = ids.filter((id) => timeOf(id)! <= time).at(-1);
  if (found === undefined) throw notFound("maintenance.no_backup", `The first backup in ${store.place} is of ${new Date(timeOf(ids[0])!).toISOString()}, later than ${new Date(time).toISOString()}`);
  return found;
}

function checkKind({ database }: Settings, { database: { kind }, id }: Manifest): void {
  if (kind === "postgres" && database === null) throw invalid("maintenance.wrong_database", `The backup ${id} is of a PostgreSQL database: make an empty one, and name it with --database`);
  if (kind === "sqlite" && database !== null) throw invalid("maintenance.wrong_database", `The backup ${id} has its database in the home folder (SQLite); restore it without --database (MILLRACE_DATABASE)`);
}

/** Takes a folder that is new, empty, or was left by a restore that was cut off; whether that was one of the same backup. */
async function begin(home: string, source: string, id: string): Promise<boolean> {
  const holder = await homeHolder(home).catch(() => undefined);
  if (holder !== undefined) throw conflict("maintenance.home_in_use", `A server (process ${holder}) runs on ${home}; stop it with \`millrace down --home ${home}\`, and restore into another folder`);
  const found = await readdir(home).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw invalid("maintenance.home_not_empty", `${home} is no folder that can be restored into (${error.message}); name a new one with --home`);
  });
  if (found.length > 0 && !found.includes(restoringFile)) throw conflict("maintenance.home_not_empty", `${home} is not empty; restore into a new folder (--home), and put it in its place when you have looked at it`);
  const left = await readFile(join(home, restoringFile), "utf8").catch(() => "");
  for (const name of found) if (name !== restoringFile) await rm(join(home, name), { recursive: true });
  await mkdir(home, { recursive: true, mode: 0o700 });
  const marker = await open(join(home, restoringFile), "w", 0o600);
  await marker.writeFile(JSON.stringify({ source, id }));
  await marker.sync();
  await marker.close();
  await syncFolder(home);
  return left === JSON.stringify({ source, id });
}

/** The journals' folders are named by the gateways that wrote them, which may still live; here they are nobody's, so that the next gateway takes them up. */
const placeOf = (path: string): string => path.replace(/^gateway\/journals\/[^/]+\//, "gateway/journals/99999999-restored/");

async function restoreSqlite({ pieces }: DatabaseCopy & { readonly kind: "sqlite" }, store: BackupStore, path: string): Promise<void> {
  await onDisk(dirname(path), async () => {
    const file = await open(path, "w", 0o600);
    try {
      for (const piece of pieces) await file.writeFile(await store.get(piece));
      await file.sync();
    } finally {
      await file.close();
    }
  });
  const said = await quickCheck(path);
  if (said.length > 0) throw new MillraceError("maintenance.backup_damaged", 500, `The database of the backup is damaged (${said.join("; ")}); take an earlier moment (--at), or another backup`);
}

/** Entries of folders reach the disk, too. */
async function syncFolders(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if ((await stat(join(folder, name))).isDirectory()) await syncFolders(join(folder, name));
  await syncFolder(folder);
}
