import { sql, type Transaction } from "kysely";
import type { Database } from "./database.ts";

interface Job {
  /** Does the writing; settles `answer`, and throws when nothing of it may stay. */
  readonly run: (transaction: Database) => Promise<() => void>;
  readonly refuse: (error: unknown) => void;
}

const queues = new WeakMap<object, Job[]>();

/**
 * Does a write together with all others that are asked for at the same time: one transaction, one sync to disk, and every caller is
 * answered only when that is done. A write that throws leaves nothing behind and does not touch the others. Inside a transaction it
 * is part of that one. What a job reads, it reads after the writes that were asked for before it.
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

async function drain(db: Database): Promise<void> {
  const jobs = queues.get(db) ?? [];
  queues.delete(db);
  const answers: (() => void)[] = [];
  try {
    await db.transaction().execute(async (transaction) => {
      for (const job of jobs) answers.push(jobs.length === 1 ? await job.run(plain(transaction)) : await guarded(transaction, job));
    });
  } catch (error) {
    for (const job of jobs) job.refuse(error);
    return;
  }
  for (const answer of answers) answer();
}

/** One job among others: its failure is taken back to the savepoint and told to its caller alone, once the rest is safe. */
async function guarded(transaction: Transaction<object>, job: Job): Promise<() => void> {
  await sql`savepoint job`.execute(transaction);
  try {
    const answer = await job.run(plain(transaction));
    await sql`release savepoint job`.execute(transaction);
    return answer;
  } catch (error) {
    await sql`rollback to savepoint job`.execute(transaction);
    return () => job.refuse(error);
  }
}

const plain = (transaction: Transaction<object>): Database => transaction;
