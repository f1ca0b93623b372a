import type { Database } from "../../storage/database.ts";
import type { Migration } from "../../storage/migrations.ts";
import type { DeliveryState, WebhookStatus } from "./types.ts";

export type WebhookTables = {
  webhooks: {
    id: string;
    name: string;
    description: string | null;
    url: string;
    /** JSON: a list of `{entity, action}`. */
    events: string;
    /** Encrypted, and the name of the key it was encrypted with. */
    secret: string | null;
    secret_key: string | null;
    status: WebhookStatus;
    created_at: number;
    updated_at: number;
    /** It is told of the entries of the audit log after this one. */
    from_seq: number;
    /** Who sends its deliveries, and until when nobody else does. */
    leased_by: string | null;
    leased_until: number;
  };
  webhook_deliveries: {
    id: string;
    webhook_id: string;
    /** The entry of the audit log it tells of; deliveries of a webhook go out in this order. */
    seq: number;
    entity: string;
    action: string;
    payload: string;
    state: DeliveryState;
    created_at: number;
    attempts: number;
    next_at: number;
    last_at: number | null;
    status: number | null;
    error: string | null;
    finished_at: number | null;
  };
  /** The entry of the audit log that was made into deliveries last; one row. */
  webhook_cursor: { id: number; seq: number };
};

export const webhookTables = (db: Database) => db.withTables<WebhookTables>();

export const webhooksMigration: Migration = {
  name: "0004-webhooks",
  up: async (db) => {
    await db.schema
      .createTable("webhooks")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("description", "text")
      .addColumn("url", "text", (column) => column.notNull())
      .addColumn("events", "text", (column) => column.notNull())
      .addColumn("secret", "text")
      .addColumn("secret_key", "text")
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("updated_at", "bigint", (column) => column.notNull())
      .addColumn("from_seq", "integer", (column) => column.notNull())
      .addColumn("leased_by", "text")
      .addColumn("leased_until", "bigint", (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("webhook_deliveries")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("webhook_id", "text", (column) => column.notNull().references("webhooks.id").onDelete("cascade"))
      .addColumn("seq", "integer", (column) => column.notNull())
      .addColumn("entity", "text", (column) => column.notNull())
      .addColumn("action", "text", (column) => column.notNull())
      .addColumn("payload", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("created_at", "bigint", (column) => column.notNull())
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("next_at", "bigint", (column) => column.notNull())
      .addColumn("last_at", "bigint")
      .addColumn("status", "integer")
      .addColumn("error", "text")
      .addColumn("finished_at", "bigint")
      .addUniqueConstraint("webhook_deliveries_order", ["webhook_id", "seq"])
      .execute();
    await db.schema.createIndex("webhook_deliveries_waiting").on("webhook_deliveries").columns(["state", "webhook_id", "seq"]).execute();
    await db.schema
      .createTable("webhook_cursor")
      .addColumn("id", "integer", (column) => column.primaryKey())
      .addColumn("seq", "integer", (column) => column.notNull())
      .execute();
  },
};
