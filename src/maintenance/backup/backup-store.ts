import type { BlobInfo } from "../../storage/blobs.ts";
import { onDisk } from "../../storage/disk-full.ts";
import type { Hashers } from "./hashers.ts";
import { openFolderStore } from "./folder-store.ts";
import type { Manifest } from "./manifest.ts";

/** Where backups are kept: a folder for any number of them, which share what is the same, or one file for one. */
export interface BackupStore {
  readonly place: string;
  /** A folder for files in between, on the same disk; emptied by whoever makes backups. */
  readonly scratch: string;
  /** The backups that are whole, the oldest first. */
  readonly ids: () => Promise<string[]>;
  /** Throws `maintenance.backup_damaged`, `maintenance.newer_backup`. */
  readonly read: (id: string) => Promise<Manifest>;
  readonly has: (content: BlobInfo) => Promise<boolean>;
  readonly put: (content: Uint8Array) => Promise<BlobInfo>;
  /** Copies a file, and says what the copy holds: it is read again from where it was written. It is there for certain when `commit` has returned. */
  readonly putFile: (path: string) => Promise<BlobInfo>;
  /** Makes a backup of what was put: from now on it is there, whole. */
  readonly commit: (manifest: Manifest) => Promise<void>;
  /** A small content, checked. Throws `maintenance.backup_damaged`. */
  readonly get: (content: BlobInfo) => Promise<Buffer>;
  /** SHA-256 and size of a file, or of a part of it, read on another thread. */
  readonly hash: Hashers["hash"];
  /** Writes a content to a path, on the disk when it returns, and checks it. Throws `maintenance.backup_damaged`. */
  readonly take: (content: BlobInfo, path: string) => Promise<void>;
  /** A path at which the content can be read, where it is there as a file; not checked. */
  readonly pathOf: (sha256: string) => Promise<string | undefined>;
  /** Forgets backups, and the contents that no other needs; how many of these, and their bytes. */
  readonly forget: (ids: readonly string[]) => Promise<{ readonly count: number; readonly bytes: number }>;
  /** Gives back what it holds; a backup that was not committed is gone. */
  readonly close: () => Promise<void>;
}

/** Opens the backups at a place: one file where it ends in `.tar`, a folder elsewhere. `writing` makes it, and keeps others from writing there meanwhile. */
export const openBackups = (place: string, writing: boolean): Promise<BackupStore> =>
  onDisk(place, async () => (place.endsWith(".tar") ? (await import("./tar-store.ts")).openTarStore(place, writing) : openFolderStore(place, writing)));
