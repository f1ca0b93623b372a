import type { Database } from "../../../storage/database.ts";
import type { Migration } from "../../../storage/migrations.ts";
import type { Verdict } from "./hosts.ts";

export interface StatusRow {
  readonly firing: string;
  readonly trigger_name: string;
  readonly commit_name: string;
  readonly verdict: Verdict;
  readonly description: string;
  readonly state: "waiting" | "told" | "given_up";
  readonly attempts: number;
  readonly next_at: number;
  /** 1: it was sent, and nobody knows whether it arrived. */
  readonly unsure: number;
  readonly error: string | null;
  readonly created_at: number;
}

const tablesOf = (db: Database) => db.withTables<{ trigger_statuses: StatusRow }>();

export const statusesMigration: Migration = {
  name: "0003-trigger-statuses",
  up: async (db) => {
    await db.schema
      .createTable("trigger_statuses")
      .addColumn("firing", "text", (column) => column.notNull())
      .addColumn("trigger_name", "text", (column) => column.notNull())
      .addColumn("commit_name", "text", (column) => column.notNull())
      .addColumn("verdict", "text", (column) => column.notNull())
      .addColumn("description", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("next_at", "bigint", (column) => column.notNull())
      .addColumn("unsure", "integer", (column) => column.notNull())
      .addColumn("error", "text")
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addPrimaryKeyConstraint("trigger_statuses_key", ["firing", "verdict"])
      .execute();
    await db.schema.createIndex("trigger_statuses_state").on("trigger_statuses").columns(["state", "next_at"]).execute();
  },
};

/** Writes down what a host is to be told; what it was to be told of the same firing before and was not needs no telling any more. */
export async function queueStatus(transaction: Database, status: Pick<StatusRow, "firing" | "trigger_name" | "commit_name" | "verdict" | "description">, now: number): Promise<void> {
  const tables = tablesOf(transaction);
  await tables.deleteFrom("trigger_statuses").where("firing", "=", status.firing).where("state", "=", "waiting").where("unsure", "=", 0).execute();
  await tables
    .insertInto("trigger_statuses")
    .values({ ...status, state: "waiting", attempts: 0, next_at: now, unsure: 0, error: null, created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** What is due, in the order in which it was written down; of a firing the first that is not told. */
export async function dueStatuses(db: Database, now: number): Promise<StatusRow[]> {
  const rows = await tablesOf(db).selectFrom("trigger_statuses").selectAll().where("state", "=", "waiting").orderBy("created_at").limit(200).execute();
  const heads = new Map<string, StatusRow>();
  for (const row of rows.filter(({ verdict }) => verdict === "pending").concat(rows.filter(({ verdict }) => verdict !== "pending"))) if (!heads.has(row.firing)) heads.set(row.firing, row);
  return [...heads.values()].filter(({ next_at: nextAt }) => nextAt <= now);
}

export const changeStatus = (db: Database, { firing, verdict }: Pick<StatusRow, "firing" | "verdict">, change: Partial<Pick<StatusRow, "state" | "attempts" | "next_at" | "unsure" | "error">>) =>
  tablesOf(db).updateTable("trigger_statuses").set(change).where("firing", "=", firing).where("verdict", "=", verdict).execute();

/** What hosts were told of a firing, in order. */
export const statusesOf = (db: Database, firing: string): Promise<StatusRow[]> => tablesOf(db).selectFrom("trigger_statuses").selectAll().where("firing", "=", firing).orderBy("created_at").execute();

export const forgetOldStatuses = (db: Database, before: number) => tablesOf(db).deleteFrom("trigger_statuses").where("created_at", "<", before).execute();
