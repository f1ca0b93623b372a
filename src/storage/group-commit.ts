import { sql } from "kysely";
import type { Database } from "./database.ts";
import { isClash } from "./postgres-errors.ts";
import { transact } from "./transactions.ts";

interface Job {
  /** Does the writing; settles `answer`, and throws when nothing of it may stay. */
  readonly run: (transaction: Database) => Promise<() => void>;
  readonly refuse: (error: unknown) => void;
}

/** What waits to be written to each database; there from the first job on until no more come. */
const queues = new WeakMap<object, Job[]>();

/**
 * Does a write together with all others that are asked for at the same time: one transaction, one sync to disk, and every caller is
 * answered only when that is done. A write that throws leaves nothing behind and does not touch the others. Inside a transaction it
 * is part of that one. What a job reads, it reads after the writes that were asked for before it. A job may be done twice, when the first
 * time was taken back whole (`transact`).
 */
export function writeTogether<T>(db: Database, work: (transaction: Database) => Promise<T>): Promise<T> {
  if (db.isTransaction) return work(db);
  return new Promise<T>((resolve, reject) => {
    const job: Job = {
      run: async (transaction) => {
        const answer = await work(transaction);
        return () => resolve(answer);
      },
      refuse: reject,
    };
    const waiting = queues.get(db);
    if (waiting) {
      waiting.push(job);
      return;
    }
    queues.set(db, [job]);
    // After the requests that have arrived by now have been read; they all go into one transaction.
    setImmediate(() => void drain(db));
  });
}

/** Writes what waits, then what has come meanwhile: one group after another, also where the database would take several at once. */
async function drain(db: Database): Promise<void> {
  const jobs = queues.get(db) ?? [];
  if (jobs.length === 0) {
    queues.delete(db);
    return;
  }
  queues.set(db, []);
  await writeGroup(db, jobs);
  setImmediate(() => void drain(db));
}

async function writeGroup(db: Database, jobs: readonly Job[]): Promise<void> {
  let answers: (() => void)[] = [];
  try {
    await transact(db, async (transaction) => {
      answers = [];
      for (const job of jobs) answers.push(jobs.length === 1 ? await job.run(transaction) : await guarded(transaction, job));
    });
  } catch (error) {
    for (const job of jobs) job.refuse(error);
    return;
  }
  for (const answer of answers) answer();
}

/** One job among others: its failure is taken back to the savepoint and told to its caller alone, once the rest is safe. */
async function guarded(transaction: Database, job: Job): Promise<() => void> {
  await sql`savepoint job`.execute(transaction);
  try {
    const answer = await job.run(transaction);
    await sql`release savepoint job`.execute(transaction);
    return answer;
  } catch (error) {
    if (isClash(error)) throw error;
    await sql`rollback to savepoint job`.execute(transaction);
    return () => job.refuse(error);
  }
}
