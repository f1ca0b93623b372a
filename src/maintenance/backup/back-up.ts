import { readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../clock.ts";
import type { Settings } from "../../config.ts";
import { conflict, describeError, notFound } from "../../errors.ts";
import { gatewayOfHome } from "../../serving/gateway-process.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { openDatabase, type Database } from "../../storage/database.ts";
import { readAtOnce } from "../../storage/transactions.ts";
import { keptContents } from "../../storage/named-digests.ts";
import type { BackupStore } from "./backup-store.ts";
import { forEachAtOnce } from "./for-each-at-once.ts";
import { homeFiles } from "./home-files.ts";
import { idAt, timeOf, type BackupFile, type DatabaseCopy, type Manifest } from "./manifest.ts";
import { copyPostgres } from "./postgres-copy.ts";
import { checkCopy, copySqlite, storeSqlite } from "./sqlite-copy.ts";

/** What was backed up. */
export interface BackedUp {
  readonly id: string;
  readonly time: number;
  readonly place: string;
  /** Contents of the backup, and those that were not there before, with their bytes. */
  readonly contents: number;
  readonly bytes: number;
  readonly newContents: number;
  readonly newBytes: number;
  /** Sentences about what could not be copied, as it is damaged or gone. */
  readonly missing: readonly string[];
}

/** Files that are copied at a time: the disk writes one while another is read again. */
const atOnce = 4;

/** How often the database is taken again because a collection of garbage removed what it names. */
const mostTries = 3;

/**
 * Makes a backup of a home, running or stopped. First the predictions that were answered go into the log's files, then the database is copied as it is at one moment,
 * then what it may name: a file is written before the row that names it, so all of that is there. What the store has already is not read again. A content that the
 * database names and that is damaged or gone is left out and told. Throws `maintenance.no_home`, `storage.database_damaged` (nothing is made then).
 */
export async function backUp(settings: Settings, clock: Clock, store: BackupStore): Promise<BackedUp> {
  const { home, artifacts } = settings;
  if (!(await stat(settings.database === null ? join(home, "millrace.db") : home).catch(() => undefined))) throw notFound("maintenance.no_home", `There is no home at ${home}${settings.database === null ? " (no millrace.db; if the metadata are in PostgreSQL, say where with --database)" : ""}`);
  const put = counting(store);
  const known = await newest(store);
  for (let tries = 1; ; tries++) {
    // A gateway that does not answer has its rows in its journals.
    await gatewayOfHome(home, "flush").catch(() => undefined);
    const time = await momentAfter(store, clock);
    const { database, kept, sound } = await copyDatabase(settings, store, known);
    const files = await storeFiles(home, store, put, known);
    const there = await contentsIn(artifacts);
    const gone = [...kept].filter(([sha256]) => !there.has(sha256));
    // Removed since the moment of the database: another moment does not name it.
    if (gone.length > 0 && tries < mostTries && (await anyKept(store, there, gone))) {
      await sound;
      continue;
    }
    const { stored, missing } = await storeArtifacts(artifacts, there, kept, store, put);
    await sound;
    const storeId = await readFile(join(artifacts, "store-id"), "utf8").catch(() => null);
    const manifest: Manifest = { format: 1, id: idAt(time), time, home, database, artifacts: stored, storeId, files, missing };
    await store.commit(manifest);
    return { id: manifest.id, time, place: store.place, ...put.sums(manifest), missing };
  }
}

/** Whether a content that was named is neither in the home nor in the store: only then is there anything to try again. */
const anyKept = async (store: BackupStore, there: ReadonlyMap<string, number>, gone: readonly [string, string][]): Promise<boolean> =>
  (await Promise.all(gone.map(async ([sha256]) => !there.has(sha256) && (await store.pathOf(sha256)) === undefined))).some((one) => one);

/** A moment that no backup there has, by this machine's clock. */
async function momentAfter(store: BackupStore, clock: Clock): Promise<number> {
  const now = clock.now();
  const last = timeOf((await store.ids()).at(-1) ?? "") ?? -Infinity;
  if (last > now + 60_000) throw conflict("maintenance.clock_behind", `The newest backup in ${store.place} is of ${new Date(last).toISOString()}, and this machine's clock says ${new Date(now).toISOString()}. Set the clock right; where it is right, and was ahead then, forget that backup: take ${placeOfMoment(store, last)} away, or name another place`);
  return Math.max(now, last + 1);
}

const placeOfMoment = (store: BackupStore, time: number): string => join(store.place, "moments", `${idAt(time)}.json`);

async function newest(store: BackupStore): Promise<Manifest | undefined> {
  const id = (await store.ids()).at(-1);
  // A list that cannot be read saves nothing; its backup is told by --verify and by a restore.
  return id === undefined ? undefined : store.read(id).catch(() => undefined);
}

interface CopiedDatabase {
  readonly database: DatabaseCopy;
  /** What it says is kept: content → column. */
  readonly kept: ReadonlyMap<string, string>;
  /** Settles when all its pages were looked at, which goes on beside everything else. Rejects with `storage.database_damaged`. */
  readonly sound: Promise<void>;
}

/** The database at one moment. */
async function copyDatabase(settings: Settings, store: BackupStore, last: Manifest | undefined): Promise<CopiedDatabase> {
  if (settings.database !== null) {
    const db: Database = await (await import("../../storage/postgres.ts")).openPostgres(settings.database);
    try {
      return await readAtOnce(db, async (transaction) => ({ database: await copyPostgres(transaction, store), kept: await keptContents(transaction), sound: Promise.resolve() }));
    } finally {
      await db.destroy();
    }
  }
  const copy = join(store.scratch, "millrace.db");
  await rm(copy, { force: true });
  const file = join(settings.home, "millrace.db");
  await copySqlite(file, copy);
  const db = openDatabase(copy, { readOnly: true });
  try {
    const database = await storeSqlite(store, copy);
    // Every piece is one of the last backup, whose pages were looked at.
    const same = last !== undefined && JSON.stringify(last.database) === JSON.stringify(database);
    const kept = await keptContents(db);
    const sound = looked(copy, file, same);
    sound.catch(() => undefined);
    return { database, kept, sound };
  } finally {
    await db.destroy();
  }
}

/** Looks at the pages of a copy, unless that was done, and takes it away. */
async function looked(copy: string, file: string, known: boolean): Promise<void> {
  try {
    if (!known) await checkCopy(copy, file);
  } finally {
    await rm(copy, { force: true });
  }
}

interface Counting {
  readonly file: (path: string) => Promise<BlobInfo>;
  readonly sums: (manifest: Manifest) => Pick<BackedUp, "contents" | "bytes" | "newContents" | "newBytes">;
}

/** Puts files, and counts what came. */
function counting(store: BackupStore): Counting {
  const sums = { newContents: 0, newBytes: 0 };
  return {
    file: async (path) => {
      const info = await store.putFile(path);
      sums.newContents++;
      sums.newBytes += info.size;
      return info;
    },
    sums: ({ artifacts, files }) => {
      const all = [...artifacts, ...files];
      return { contents: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0), ...sums };
    },
  };
}

/** A file that has size and time of the last backup is the same: those of the prediction log are never written twice. */
async function storeFiles(home: string, store: BackupStore, put: Counting, last: Manifest | undefined): Promise<BackupFile[]> {
  const known = new Map(last?.home === home ? last.files.map((file) => [file.path, file]) : []);
  const stored: BackupFile[] = [];
  for (const { path, size, changed } of await homeFiles(home)) {
    const before = known.get(path);
    if (path.endsWith(".parquet") && before?.size === size && before.changed === changed && (await store.has(before))) {
      stored.push(before);
      continue;
    }
    try {
      stored.push({ path, changed, ...(await put.file(join(home, path))) });
    } catch (error) {
      // A journal whose rows have gone into a file, which comes later.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return stored;
}

/** The contents of an artifact store, with their sizes. */
async function contentsIn(root: string): Promise<Map<string, number>> {
  const there = new Map<string, number>();
  for (const folder of (await readdir(root).catch(() => [])).filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const names = (await readdir(join(root, folder))).filter((name) => /^[0-9a-f]{62}$/.test(name));
    await forEachAtOnce(names, 16, async (name) => {
      const found = await stat(join(root, folder, name)).catch(() => undefined);
      if (found) there.set(`${folder}${name}`, found.size);
    });
  }
  return there;
}

/** Copies what the store does not have; a content that is not what its name says is told where something names it. */
async function storeArtifacts(root: string, there: ReadonlyMap<string, number>, kept: ReadonlyMap<string, string>, store: BackupStore, put: Counting): Promise<{ stored: BlobInfo[]; missing: string[] }> {
  const stored: BlobInfo[] = [];
  const missing: string[] = [];
  const lose = (sha256: string, why: string): void => {
    if (kept.has(sha256)) missing.push(`the content ${sha256}, which ${kept.get(sha256)} names, ${why}`);
  };
  await forEachAtOnce([...there], atOnce, async ([sha256, size]) => {
    const path = join(root, sha256.slice(0, 2), sha256.slice(2));
    if (await store.has({ sha256, size })) {
      stored.push({ sha256, size });
      return;
    }
    try {
      const info = await put.file(path);
      if (info.sha256 === sha256) stored.push(info);
      else lose(sha256, `is damaged: ${path} holds ${info.size} bytes whose SHA-256 is ${info.sha256}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") lose(sha256, `is gone from ${root}`);
      else if (["EACCES", "EIO", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) lose(sha256, `cannot be read (${describeError(error)})`);
      else throw error;
    }
  });
  for (const sha256 of kept.keys()) {
    if (there.has(sha256)) continue;
    // An earlier backup may have it still.
    const path = await store.pathOf(sha256);
    const size = path === undefined ? undefined : (await stat(path)).size;
    if (size === undefined) lose(sha256, `is gone from ${root}`);
    else stored.push({ sha256, size });
  }
  return { stored: stored.toSorted((one, other) => (one.sha256 < other.sha256 ? -1 : 1)), missing };
}

