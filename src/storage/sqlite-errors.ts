import { dirname } from "node:path";
import { MillraceError } from "../errors.ts";
import { databaseDamaged } from "./damage.ts";
import { diskFull, freeBytes } from "./disk-full.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const codes = { nomem: 7, readonly: 8, interrupt: 9, ioerr: 10, corrupt: 11, full: 13, cantopen: 14, notadb: 26 } as const;

/** Below this many bytes a failed write is one for want of room: SQLite tells a full disk as an I/O error where the index of its log grows. */
const littleRoom = 1 << 16;

const codeOf = (error: unknown): number | undefined => {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown };
  return code === "ERR_SQLITE_ERROR" && typeof errcode === "number" ? errcode & 0xff : undefined;
};

/** Whether SQLite says that the file is damaged. */
export const isDamage = (error: unknown): boolean => [codes.corrupt, codes.notadb].some((code) => code === codeOf(error));

/** Whether SQLite refused to write. */
export const isReadOnly = (error: unknown): boolean => codeOf(error) === codes.readonly;

const because = (error: unknown): string => `${(error as Error).message}; SQLite's code ${(error as { errcode?: number }).errcode}`;

/** A failure of the machine under a database, as what it is: a full disk, a damaged file, I/O, memory. What is wrong with a statement stays as it is. */
export function explainSqlite(error: unknown, file: string): unknown {
  const code = codeOf(error);
  const folder = dirname(file);
  const fail = (name: string, message: string): MillraceError => new MillraceError(name, 500, message, { cause: error, details: { file } });
  if (code === codes.full || (code === codes.ioerr && file !== ":memory:" && (freeBytes(folder) ?? littleRoom) < littleRoom)) return diskFull(folder, error);
  if (isDamage(error)) return databaseDamaged(file, because(error), error);
  if (code === codes.ioerr || code === codes.nomem || code === codes.interrupt || code === codes.readonly || code === codes.cantopen) {
    return fail("storage.database_failed", `The database ${file} could not do this (${because(error)}). Nothing of it was kept; what was answered before is safe`);
  }
  return error;
}

/** Why a database cannot be opened, in one sentence with what to do. */
export function explainOpening(error: unknown, file: string): unknown {
  const other = "or name another folder with --home (MILLRACE_HOME)";
  const unfit = (message: string): MillraceError => new MillraceError("storage.bad_database", 400, message, { cause: error, details: { file } });
  const code = codeOf(error);
  if (code === codes.notadb) return unfit(`The file ${file} is no SQLite database; restore a backup into another folder (\`millrace restore\`), ${other}`);
  if (code === codes.cantopen) return unfit(`The database ${file} cannot be opened: it is no file, or this user may not read and write it and its folder; mend that, ${other}`);
  if (code === codes.readonly) return unfit(`The database ${file} cannot be written by this user, or lies on a file system that is read-only; mend that, ${other}`);
  return explainSqlite(error, file);
}
