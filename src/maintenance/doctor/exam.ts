import { readdir } from "node:fs/promises";
import type { Clock } from "../../clock.ts";
import type { Settings } from "../../config.ts";
import type { BlobStore } from "../../storage/blobs.ts";
import type { Database } from "../../storage/database.ts";
import type { Migration } from "../../storage/migrations.ts";
import type { Finding } from "../types.ts";

/** What one check of the doctor works with. */
export interface Exam {
  readonly settings: Settings;
  /** Reads every byte, not only what files say of themselves. */
  readonly full: boolean;
  readonly clock: Clock;
  /** The database, for reading; undefined where it cannot be opened. */
  readonly db: Database | undefined;
  readonly blobs: BlobStore;
  /** The process of the server that has the home; undefined where none has. */
  readonly running: number | undefined;
  /** Where that server answers; undefined where it does not. */
  readonly url: string | undefined;
  /** The schema that this program knows. */
  readonly rooms: readonly { readonly name: string; readonly migrations?: readonly Migration[] }[];
  /** A whole copy of a content, from a backup, as a path; undefined where there is none. */
  readonly copyOf: (sha256: string) => Promise<string | undefined>;
  readonly find: (finding: Finding) => void;
  /** Notes how many of something were looked at. */
  readonly count: (what: string, many?: number) => void;
}

/** What lies in a folder; a folder that cannot be read is a finding, but for reasons that are `none`. */
export const namesIn = (exam: Pick<Exam, "find">, check: Finding["check"], folder: string, none: readonly string[] = ["ENOENT"]): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (!none.includes(error.code ?? "")) exam.find({ check, severity: "error", what: `A folder cannot be read: ${error.message}`, where: folder, todo: "Give this user the folder (chown, chmod), or mend the disk" });
    return [];
  });
