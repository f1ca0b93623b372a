import { createHash } from "node:crypto";
import { MillraceError } from "../../errors.ts";
import type { BlobInfo } from "../../storage/blobs.ts";

/** A file of the home besides database and artifacts: predictions, journals, keys. */
export interface BackupFile extends BlobInfo {
  /** Below the home, with `/`. */
  readonly path: string;
  /** Nanoseconds since 1970, as text: with the size it tells whether the file was changed since. */
  readonly changed: string;
}

/** One table of PostgreSQL: its rows as lines of JSON, each a list of texts (null for NULL) in the order of the columns. */
export interface TableCopy {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: number;
  readonly pieces: readonly BlobInfo[];
}

/** A database at one moment, in pieces: those that have not changed since an earlier backup are shared with it. */
export type DatabaseCopy =
  | { readonly kind: "sqlite"; readonly pieces: readonly BlobInfo[] }
  | { readonly kind: "postgres"; readonly migrations: readonly string[]; readonly tables: readonly TableCopy[] };

/** A home at one moment: everything that is needed to make it again, by SHA-256. */
export interface Manifest {
  readonly format: 1;
  /** As people name it, `2026-11-30T16.05.00.123Z`. */
  readonly id: string;
  /** The moment of its database, ms since 1970. */
  readonly time: number;
  /** The home it is of. */
  readonly home: string;
  readonly database: DatabaseCopy;
  readonly artifacts: readonly BlobInfo[];
  /** The mark by which servers that share a database know their artifact store; null where there is none. */
  readonly storeId: string | null;
  readonly files: readonly BackupFile[];
  /** Contents that the database names and that could not be copied, as sentences. */
  readonly missing: readonly string[];
}

/** The name of a backup made at a moment: it sorts by time, and is a file's name anywhere. */
export const idAt = (time: number): string => new Date(time).toISOString().replaceAll(":", ".");

/** The moment of a name of `idAt`; undefined for another. */
export function timeOf(id: string): number | undefined {
  const time = Date.parse(id.replace(/T(\d\d)\.(\d\d)\.(\d\d)\./, "T$1:$2:$3."));
  return Number.isFinite(time) && idAt(time) === id ? time : undefined;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** As it is written: its own checksum on the first line. */
export function encodeManifest(manifest: Manifest): string {
  const text = JSON.stringify(manifest);
  return `${sha256(text)}\n${text}\n`;
}

/** Throws `maintenance.backup_damaged` where it is not what was written, and `maintenance.newer_backup`. */
export function decodeManifest(text: string, where: string): Manifest {
  const [sum, json, ...rest] = text.split("\n");
  if (json === undefined || rest.join("") !== "" || sha256(json) !== sum) throw new MillraceError("maintenance.backup_damaged", 500, `The list of the backup ${where} is damaged: it is not what was written`, { details: { where } });
  const manifest = JSON.parse(json) as Manifest | { readonly format: number };
  if (manifest.format !== 1) throw new MillraceError("maintenance.newer_backup", 400, `The backup ${where} was written by a newer Millrace (format ${manifest.format}); use that version`);
  return manifest as Manifest;
}

/** Every content that a backup needs. */
export function contentsOf({ database, artifacts, files }: Manifest): BlobInfo[] {
  const pieces = database.kind === "sqlite" ? database.pieces : database.tables.flatMap((table) => table.pieces);
  return [...pieces, ...artifacts, ...files];
}
