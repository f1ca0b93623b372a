import type { Database } from "../storage/database.ts";
import { monitoringTables } from "./store.ts";

/** How many labels that had arrived by `knownAt` are of predictions whose event was after `after` (ms; null: of any). */
export async function labelledSince(db: Database, endpoint: string, after: number | null, knownAt: number): Promise<number> {
  const { n } = await monitoringTables(db)
    .selectFrom("labels")
    .select(({ fn }) => fn.countAll<number>().as("n"))
    .where("endpoint", "=", endpoint)
    .where("arrived_at", "<=", knownAt)
    .where("event_time", ">", after ?? -1)
    .executeTakeFirstOrThrow();
  return Number(n);
}
