import type { Database } from "./database.ts";

/**
 * Names that one server at a time holds, of all that share a database: who holds the name of a pipeline run walks it. What a server held is
 * free again when it is gone, however it went. Within one process the name is held once for all: that it is not used twice is its own matter.
 */
export interface Holds {
  /** Whether several servers may share the database at all. */
  readonly shared: boolean;
  /** Takes a name, if no other server has it; true also when this one has it already. */
  take(name: string): Promise<boolean>;
  /** Gives it back; nothing when it is not held. */
  give(name: string): Promise<void>;
}

/** A home folder on SQLite has one server: it holds everything. */
const alone: Holds = { shared: false, take: () => Promise.resolve(true), give: () => Promise.resolve() };

const provided = new WeakMap<Database, Holds>();

/** Says how the names of a database are held; for the file that opens it. */
export const provideHolds = (db: Database, holds: Holds): void => void provided.set(db, holds);

/** The holds of a database, as it was opened. */
export const holdsOf = (db: Database): Holds => provided.get(db) ?? alone;
