import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import { monitoringTables } from "./store.ts";

export interface Label {
  readonly requestId: string;
  readonly rowIndex: number;
  /** The true value: a number in decimal, or the class. */
  readonly value: string;
  /** When it became known. */
  readonly arrivedAt: number;
}

/** A label as it is kept. */
export interface StoredLabel extends Label {
  /** When the prediction happened that it is of; null while none is known, −1 where several have its request id. */
  readonly eventTime: number | null;
}

/** Stores ground truth; a label that comes again replaces the former one. Durable when this returns. */
export async function addLabels(db: Database, endpoint: string, labels: readonly Label[]): Promise<void> {
  // One row may be named once in an insert that updates (PostgreSQL refuses a second time); the last word counts.
  const rows = [...new Map(labels.map((label) => [JSON.stringify([label.requestId, label.rowIndex]), label])).values()];
  await transact(db, async (transaction) => {
    for (let from = 0; from < rows.length; from += 1000) {
      await monitoringTables(transaction)
        .insertInto("labels")
        .values(
          rows.slice(from, from + 1000).map((label) => ({
            endpoint,
            request_id: label.requestId,
            row_index: label.rowIndex,
            value: label.value,
            arrived_at: label.arrivedAt,
            event_time: null,
          })),
        )
        .onConflict((conflict) =>
          conflict
            .columns(["endpoint", "request_id", "row_index"])
            // What it is of is looked up anew: another request may have been sent with its id since.
            .doUpdateSet((row) => ({ value: row.ref("excluded.value"), arrived_at: row.ref("excluded.arrived_at"), event_time: null })),
        )
        .execute();
    }
  });
}

/** Labels that were known at `until`, of those that arrived from `from` on, in order of arrival. */
export async function readLabels(db: Database, endpoint: string, range: { from?: number; until: number }): Promise<StoredLabel[]> {
  let query = monitoringTables(db)
    .selectFrom("labels")
    .select(["request_id as requestId", "row_index as rowIndex", "value", "arrived_at as arrivedAt", "event_time as eventTime"])
    .where("endpoint", "=", endpoint)
    .where("arrived_at", "<=", range.until)
    .orderBy("arrived_at")
    .orderBy("request_id");
  if (range.from !== undefined) query = query.where("arrived_at", ">=", range.from);
  return query.execute();
}

/** Whether a label arrived in (after, until]. */
export async function labelsArrived(db: Database, endpoint: string, after: number, until: number): Promise<boolean> {
  const one = await monitoringTables(db)
    .selectFrom("labels")
    .select("arrived_at")
    .where("endpoint", "=", endpoint)
    .where("arrived_at", ">", after)
    .where("arrived_at", "<=", until)
    .limit(1)
    .executeTakeFirst();
  return one !== undefined;
}
