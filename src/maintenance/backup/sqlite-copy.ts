import { open } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { databaseDamaged } from "../../storage/damage.ts";
import type { BlobInfo } from "../../storage/blobs.ts";
import { explainSqlite } from "../../storage/sqlite-errors.ts";
import type { BackupStore } from "./backup-store.ts";
import type { DatabaseCopy } from "./manifest.ts";

/** Bytes of a piece: pages stay where they are (SQLite's backup copies them one by one), so a piece without a changed page is the one of the backup before. */
const pieceBytes = 1 << 20;

/**
 * Copies an SQLite database as it is at one moment to `to`, whoever writes meanwhile: in one step under one read lock, which keeps no writer out (WAL). Throws
 * `storage.database_damaged` where the copy is: a backup of it could not be used.
 */
export async function copySqlite(file: string, to: string): Promise<void> {
  try {
    const source = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
    try {
      await backup(source, to, { rate: 0x7fff_ffff });
    } finally {
      source.close();
    }
    const copy = new DatabaseSync(to);
    try {
      // A file of its own: without a log beside it.
      copy.exec("pragma journal_mode = delete");
      const said = copy.prepare("pragma quick_check(5)").all().flatMap((row) => Object.values(row).map(String)).filter((line) => line !== "ok");
      if (said.length > 0) throw databaseDamaged(file, said.join("; "));
    } finally {
      copy.close();
    }
  } catch (error) {
    throw explainSqlite(error, file);
  }
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
