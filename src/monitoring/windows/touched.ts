import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { lock, transact } from "../../storage/transactions.ts";
import { monitoringTables } from "../store.ts";
import type { TimeWindow } from "../types.ts";

/** Why a computed window may no longer be what it should: a label came, another word for a label, a prediction, or a request id came again. */
export type Cause = "labels" | "corrections" | "predictions" | "repeats";

/** Something that came for a prediction of this event time. */
export interface Touch {
  /** Milliseconds; of the prediction. */
  readonly eventTime: number;
  readonly cause: Cause;
  /** From when on a turn may know of it: the label's arrival. What has no such time is known at once. */
  readonly due?: number;
  readonly count?: number;
}

/** What came for the predictions of one minute. */
export interface TouchedMinute {
  readonly minute: number;
  readonly cause: Cause;
  readonly count: number;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const lockOf = (endpoint: string): string => `monitoring.touched ${endpoint}`;

/** Notes that something came: a turn then knows which windows to compute again without looking through log and labels. */
export async function touch(db: Database, endpoint: string, touches: readonly Touch[]): Promise<void> {
  const rows = new Map<string, { minute: number; cause: Cause; hour: number; first: number; last: number; count: number }>();
  for (const { eventTime, cause, due = 0, count = 1 } of touches) {
    const [minute, hour] = [Math.floor(eventTime / minuteMs) * minuteMs, Math.floor(due / hourMs) * hourMs];
    const key = `${minute} ${cause} ${hour}`;
    const row = rows.get(key);
    if (row) {
      row.first = Math.min(row.first, due);
      row.last = Math.max(row.last, due);
      row.count += count;
    } else rows.set(key, { minute, cause, hour, first: due, last: due, count });
  }
  if (rows.size === 0) return;
  await transact(db, async (transaction) => {
    await lock(transaction, lockOf(endpoint));
    const latest = await latestMark(transaction, endpoint);
    await insertRows(
      transaction,
      "touched_minutes",
      ["endpoint", "minute", "cause", "due_hour", "first_due", "last_due", "n", "mark"],
      [...rows.values()].map((row) => [endpoint, row.minute, row.cause, row.hour, row.first, row.last, row.count, latest + 1]),
      `on conflict (endpoint, minute, cause, due_hour) do update set n = touched_minutes.n + excluded.n, mark = excluded.mark,
        first_due = case when excluded.first_due < touched_minutes.first_due then excluded.first_due else touched_minutes.first_due end,
        last_due = case when excluded.last_due > touched_minutes.last_due then excluded.last_due else touched_minutes.last_due end`,
    );
  });
}

async function latestMark(db: Database, endpoint: string): Promise<number> {
  const { mark } = await monitoringTables(db)
    .selectFrom("touched_minutes")
    .select(({ fn }) => fn.max("mark").as("mark"))
    .where("endpoint", "=", endpoint)
    .executeTakeFirstOrThrow();
  return mark ?? 0;
}

/** What came that is known at `now`, in order of time, and the mark by which `forgetTouched` tells it from what comes later. */
export async function readTouched(db: Database, endpoint: string, now: number): Promise<{ minutes: TouchedMinute[]; mark: number }> {
  return transact(db, async (transaction) => {
    await lock(transaction, lockOf(endpoint));
    const mark = await latestMark(transaction, endpoint);
    const rows = await monitoringTables(transaction)
      .selectFrom("touched_minutes")
      .select(["minute", "cause", "n"])
      .where("endpoint", "=", endpoint)
      .where("first_due", "<=", now)
      .orderBy("minute")
      .execute();
    return { minutes: rows.map(({ minute, cause, n }) => ({ minute, cause: cause as Cause, count: n })), mark };
  });
}

/** Forgets what has been computed with; what is due later or came since `mark` was read stays. */
export async function forgetTouched(db: Database, endpoint: string, now: number, mark: number): Promise<void> {
  await monitoringTables(db).deleteFrom("touched_minutes").where("endpoint", "=", endpoint).where("last_due", "<=", now).where("mark", "<=", mark).execute();
}

/** The minutes that reach into a window. */
export const within = (minutes: readonly TouchedMinute[], { from, until }: TimeWindow): TouchedMinute[] =>
  minutes.filter(({ minute }) => minute + minuteMs > from && minute < until);
