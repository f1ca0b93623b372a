import type { Database } from "../../storage/database.ts";
import type { Migration } from "../../storage/migrations.ts";
import type { Cause, Firing } from "./types.ts";

export type TriggerTables = {
  triggers: {
    name: string;
    model: string;
    /** JSON: a `ProjectTrigger`. */
    config: string;
    definition: string;
    params: string;
    folder: string | null;
    /** JSON, or null where it is not paused. */
    paused: string | null;
    cursor: string;
    /** JSON, or null where there is none. */
    problem: string | null;
    set_at: number;
  };
  trigger_firings: {
    id: string;
    trigger_name: string;
    model: string;
    cause: Cause;
    key: string;
    lane: string;
    why: string;
    details: string;
    at_once: number;
    asked_at: number;
    due_at: number;
    state: Firing["state"];
    reason: string | null;
    run_id: string | null;
    began_at: number | null;
    ended_at: number | null;
  };
};

export const triggerTables = (db: Database) => db.withTables<TriggerTables>();

export const triggersMigration: Migration = {
  name: "0002-triggers",
  up: async (db) => {
    await db.schema
      .createTable("triggers")
      .addColumn("name", "text", (column) => column.primaryKey())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("config", "text", (column) => column.notNull())
      .addColumn("definition", "text", (column) => column.notNull())
      .addColumn("params", "text", (column) => column.notNull())
      .addColumn("folder", "text")
      .addColumn("paused", "text")
      .addColumn("cursor", "text", (column) => column.notNull())
      .addColumn("problem", "text")
      .addColumn("set_at", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("trigger_firings")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("trigger_name", "text", (column) => column.notNull())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("cause", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("lane", "text", (column) => column.notNull())
      .addColumn("why", "text", (column) => column.notNull())
      .addColumn("details", "text", (column) => column.notNull())
      .addColumn("at_once", "integer", (column) => column.notNull())
      .addColumn("asked_at", "bigint", (column) => column.notNull())
      .addColumn("due_at", "bigint", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("reason", "text")
      .addColumn("run_id", "text")
      .addColumn("began_at", "bigint")
      .addColumn("ended_at", "bigint")
      .addUniqueConstraint("trigger_firings_key", ["trigger_name", "key"])
      .execute();
    await db.schema.createIndex("trigger_firings_state").on("trigger_firings").columns(["state", "due_at"]).execute();
    await db.schema.createIndex("trigger_firings_asked").on("trigger_firings").columns(["trigger_name", "asked_at"]).execute();
  },
};
