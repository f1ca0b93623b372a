import { access, constants, copyFile, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { MillraceError } from "../../errors.ts";
import { databaseDamaged, quickCheck } from "../../storage/damage.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { explainSqlite } from "../../storage/sqlite-errors.ts";
import type { BackupStore } from "./backup-store.ts";
import type { DatabaseCopy } from "./manifest.ts";

/** Bytes of a piece: pages stay where they are (SQLite's backup copies them one by one), so a piece without a changed page is the one of the backup before. */
const pieceBytes = 1 << 20;

/**
 * Copies an SQLite database as it is at one moment to `to`, whoever writes meanwhile: in one step under one read lock, which keeps no writer out (WAL). Whether
 * the copy is whole is for `checkCopy` to say. Throws `storage.database_damaged` where it cannot be copied.
 */
export async function copySqlite(file: string, to: string): Promise<void> {
  try {
    await backupFrom(await placeToRead(file, to), to);
    const copy = new DatabaseSync(to);
    try {
      // A file of its own: without a log beside it.
      copy.exec("pragma journal_mode = delete");
    } finally {
      copy.close();
    }
  } catch (error) {
    const atCopy = explainSqlite(error, to);
    throw atCopy instanceof MillraceError && atCopy.code === "storage.disk_full" ? atCopy : explainSqlite(error, file);
  }
}

async function backupFrom(file: string, to: string): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    await backup(source, to, { rate: 0x7fff_ffff });
  } finally {
    source.close();
  }
}

/**
 * Where a database can be read: SQLite needs a folder that can be written, for the index of its log. On a disk that has become read-only nobody writes, so file and log
 * are copied beside `to`, where the log is taken in.
 */
async function placeToRead(file: string, to: string): Promise<string> {
  const isReadOnly = await access(dirname(file), constants.W_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === "EROFS",
  );
  if (!isReadOnly) return file;
  const copy = `${to}.from`;
  await rm(`${copy}-wal`, { force: true });
  await copyFile(file, copy);
  await copyFile(`${file}-wal`, `${copy}-wal`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  return copy;
}

/** Reads every page of a copy of `file`, on a thread of its own. Throws `storage.database_damaged` where one is: a backup of it could not be used. */
export async function checkCopy(copy: string, file: string): Promise<void> {
  const said = await quickCheck(copy);
  if (said.length > 0) throw databaseDamaged(file, said.join("; "));
}

/** Puts a copy into a store, piece by piece. */
export async function storeSqlite(store: BackupStore, copy: string): Promise<DatabaseCopy> {
  const file = await open(copy, "r");
  const pieces: BlobInfo[] = [];
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    for (let at = 0; ; at += pieceBytes) {
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, at);
      if (bytesRead === 0) break;
      pieces.push(await store.put(buffer.subarray(0, bytesRead)));
    }
  } finally {
    await file.close();
  }
  return { kind: "sqlite", pieces };
}
