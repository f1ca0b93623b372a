import { dirname } from "node:path";
import { MillraceError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { onThread } from "../threads.ts";
import type { Database } from "./database.ts";

/** What is known of a database file that is damaged. */
export interface Damage {
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** What SQLite says is wrong. */
  readonly what: string;
}

/**
 * Whether a database was found damaged. Once it was, nothing is written to it any more until it is opened anew: what is written to a broken tree is lost, or
 * breaks more of it. Reads go on, as far as they can.
 */
export class DamageWatch {
  readonly #file: string;
  readonly #freeze: () => void;
  #damage: Damage | undefined;
  #tell: (damage: Damage) => void = () => undefined;

  /** `freeze` has the connection refuse writes. */
  constructor(file: string, freeze: () => void) {
    this.#file = file;
    this.#freeze = freeze;
  }

  get damage(): Damage | undefined {
    return this.#damage;
  }

  /** Who is told when damage is found; at once, where it was found already. */
  onDamage(tell: (damage: Damage) => void): void {
    this.#tell = tell;
    if (this.#damage) tell(this.#damage);
  }

  /** Notes damage; only what is found first counts. */
  note(what: string): void {
    if (this.#damage) return;
    this.#damage = { file: this.#file, since: Date.now(), what };
    this.#freeze();
    this.#tell(this.#damage);
  }

  /** Reads every page on a thread of its own (pragma quick_check), and notes what is wrong. Returns that. */
  async check(): Promise<readonly string[]> {
    const wrong = await quickCheck(this.#file);
    if (wrong.length > 0) this.note(wrong.join("; "));
    return wrong;
  }
}

const watches = new WeakMap<object, DamageWatch>();

/** Says how damage of a database is known; for the file that opens it. */
export const provideWatch = (db: Database, watch: DamageWatch): void => void watches.set(db, watch);

/** How damage of a database, as it was opened, is known; undefined where another program looks after it. */
export const watchOf = (db: Database): DamageWatch | undefined => watches.get(db);

/** What is wrong with the pages of an SQLite database, as sentences of SQLite's; none where it is whole. Read on a thread of its own. */
export const quickCheck = (file: string): Promise<readonly string[]> => onThread<{ file: string }, readonly string[]>(import.meta.url, "quick-check-thread", { file });

/** Why nothing is written, or why something cannot be read, of a damaged database. */
export const databaseDamaged = (file: string, what: string, cause?: unknown): MillraceError =>
  new MillraceError("storage.database_damaged", 503, `The database ${file} is damaged (${what}), so nothing is written to it: \`millrace doctor --home ${dirname(file)}\` says what is wrong and what to do`, { cause, details: { file } });

/** Does what a start can do without, such as taking work up again; where the database is damaged it is left, and logged. */
export async function despiteDamage(log: Logger, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== "storage.database_damaged") throw error;
    log.error(`left undone at the start: ${error.message}`);
  }
}
