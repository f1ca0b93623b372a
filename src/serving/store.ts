import { sql } from "kysely";
import { conflict, notFound } from "../errors.ts";
import type { Database } from "../storage/database.ts";
import { appendAudit } from "../storage/audit.ts";
import type { Migration } from "../storage/migrations.ts";
import { lock, readAtOnce } from "../storage/transactions.ts";
import { insertLineage } from "../tracking/tracking.ts";
import type { TrafficRules } from "./gateway/config/config.ts";
import { changedSettings } from "./serving-settings.ts";
import type { ServingSettings, SettingsChange } from "./serving-settings.ts";
import { changedTraffic, checkTraffic } from "./traffic-rules.ts";
import type { TrafficChange } from "./traffic-rules.ts";
import type { Deployment, Variant } from "./types.ts";

type ServingTables = {
  deployments: { endpoint: string; salt: string; updated_at: number; reason: string; traffic: string | null; settings: string | null };
  deployment_variants: { endpoint: string; position: number; name: string; version: number; weight: number; shadow: number };
  serving_revision: { id: number; revision: number };
}

const tablesOf = (db: Database) => db.withTables<ServingTables>();

export const servingMigrations: readonly Migration[] = [
  {
    name: "0001-deployments",
    up: async (db) => {
      await db.schema
        .createTable("deployments")
        .addColumn("endpoint", "text", (column) => column.primaryKey())
        .addColumn("salt", "text", (column) => column.notNull())
        .addColumn("updated_at", "bigint", (column) => column.notNull())
        .addColumn("reason", "text", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("deployment_variants")
        .addColumn("endpoint", "text", (column) => column.notNull().references("deployments.endpoint"))
        .addColumn("position", "integer", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("weight", "double precision", (column) => column.notNull())
        .addColumn("shadow", "integer", (column) => column.notNull())
        .addPrimaryKeyConstraint("deployment_variants_key", ["endpoint", "name"])
        .execute();
      await db.schema
        .createTable("serving_revision")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("revision", "bigint", (column) => column.notNull())
        .execute();
      await sql`insert into serving_revision (id, revision) values (1, 0)`.execute(db);
    },
  },
  {
    name: "0002-traffic-rules",
    up: async (db) => {
      await db.schema.alterTable("deployments").addColumn("traffic", "text").execute();
    },
  },
  {
    name: "0003-serving-settings",
    up: async (db) => {
      await db.schema.alterTable("deployments").addColumn("settings", "text").execute();
    },
  },
];

export interface DeploymentChange {
  readonly endpoint: string;
  readonly salt: string;
  /** Those of a deployment that is there stay when absent. */
  readonly variants?: readonly Variant[];
  /** What changes of rules, fallback and stickiness; all stays when absent, as far as it fits the variants. */
  readonly traffic?: TrafficChange;
  /** What changes of how it is served; all stays when absent. */
  readonly settings?: SettingsChange;
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
}

/**
 * Changes a deployment, raises the revision, writes lineage and audit entry, in the transaction that is handed in; returns its variants. Fails with
 * `serving.deployment_not_found` when it says no variants and there are none.
 */
export async function writeDeployment(transaction: Database, change: DeploymentChange): Promise<readonly Variant[]> {
  await lock(transaction, `serving.deployment ${change.endpoint}`);
  const tables = tablesOf(transaction);
  const known = await tables.selectFrom("deployments").select(["endpoint", "traffic", "settings"]).execute();
  const before = known.find(({ endpoint }) => endpoint === change.endpoint);
  if (!before && !change.variants) throw notFound("serving.deployment_not_found", `There is no deployment ${JSON.stringify(change.endpoint)} yet; say which version answers`);
  const variants = change.variants ?? variantsOf(change.endpoint, await readVariants(transaction));
  const names = variants.map(({ name }) => name);
  const traffic = changedTraffic(parsed<TrafficRules>(before?.traffic), change.traffic ?? {}, names);
  checkTraffic(change.endpoint, traffic, names, known.map(({ endpoint }) => endpoint));
  const settings = changedSettings(change.endpoint, parsed<ServingSettings>(before?.settings), change.settings ?? {});
  const row = { salt: change.salt, updated_at: change.time, reason: change.reason, traffic: JSON.stringify(traffic), settings: JSON.stringify(settings) };
  await tables
    .insertInto("deployments")
    .values({ endpoint: change.endpoint, ...row })
    .onConflict((conflict) => conflict.column("endpoint").doUpdateSet(row))
    .execute();
  await tables.deleteFrom("deployment_variants").where("endpoint", "=", change.endpoint).execute();
  await tables
    .insertInto("deployment_variants")
    .values(
      variants.map((variant, position) => ({
        endpoint: change.endpoint,
        position,
        name: variant.name,
        version: variant.version,
        weight: variant.weight,
        shadow: variant.shadow ? 1 : 0,
      })),
    )
    .execute();
  await raiseRevision(transaction);
  await insertLineage(
    transaction,
    variants.map((variant) => ({
      from: { kind: "model_version", id: `${change.endpoint}/${variant.version}` },
      to: { kind: "deployment", id: change.endpoint },
      role: "served_by",
    })),
  );
  await appendAudit(transaction, {
    time: change.time,
    actor: change.actor,
    action: "serving.deployment_changed",
    object: `deployment/${change.endpoint}`,
    reason: change.reason,
    details: { variants, ...(Object.keys(traffic).length > 0 && { traffic }), ...(Object.keys(settings).length > 0 && { settings }) },
  });
  return variants;
}

/**
 * Deletes a deployment, raises the revision and writes the audit entry, in the transaction that is handed in. Fails with `serving.deployment_not_found`, or
 * with `serving.deployment_needed` where others fall back on it.
 */
export async function deleteDeployment(transaction: Database, { endpoint, time, actor, reason }: { readonly endpoint: string; readonly time: number; readonly actor: string; readonly reason: string }): Promise<void> {
  await lock(transaction, `serving.deployment ${endpoint}`);
  const tables = tablesOf(transaction);
  const known = await tables.selectFrom("deployments").select(["endpoint", "traffic"]).orderBy("endpoint").execute();
  if (!known.some((one) => one.endpoint === endpoint)) {
    throw notFound("serving.deployment_not_found", `There is no deployment ${JSON.stringify(endpoint)}; there ${known.length > 0 ? `are ${known.map((one) => one.endpoint).join(", ")}` : "are none"}`);
  }
  const leaning = known.filter(({ traffic }) => parsed<TrafficRules>(traffic).fallback?.endpoint === endpoint).map((one) => one.endpoint);
  if (leaning.length > 0) {
    throw conflict("serving.deployment_needed", `${endpoint} answers where ${leaning.join(", ")} cannot (fallback); give ${leaning.length === 1 ? "that" : "those"} another fallback first, or none`);
  }
  const variants = variantsOf(endpoint, await readVariants(transaction));
  await tables.deleteFrom("deployment_variants").where("endpoint", "=", endpoint).execute();
  await tables.deleteFrom("deployments").where("endpoint", "=", endpoint).execute();
  await raiseRevision(transaction);
  await appendAudit(transaction, { time, actor, action: "serving.deployment_removed", object: `deployment/${endpoint}`, reason, details: { variants } });
}

async function raiseRevision(transaction: Database): Promise<void> {
  await tablesOf(transaction)
    .updateTable("serving_revision")
    .set((update) => ({ revision: update("revision", "+", 1) }))
    .execute();
}

/** What a column holds as JSON; null where a row is older than the column. */
const parsed = <T extends object>(text: string | null | undefined): Partial<T> => (text == null ? {} : (JSON.parse(text) as T));

type VariantRow = ServingTables["deployment_variants"];

const readVariants = (db: Database): Promise<VariantRow[]> => tablesOf(db).selectFrom("deployment_variants").selectAll().orderBy("endpoint").orderBy("position").execute();

const variantsOf = (endpoint: string, rows: readonly VariantRow[]): Variant[] =>
  rows.filter((row) => row.endpoint === endpoint).map(({ name, version, weight, shadow }) => ({ name, version, weight, shadow: shadow === 1 }));

/** The number of the newest change to any deployment. */
export async function readRevision(db: Database): Promise<number> {
  return (await tablesOf(db).selectFrom("serving_revision").select("revision").executeTakeFirstOrThrow()).revision;
}

export async function readDeployments(db: Database): Promise<{ revision: number; deployments: Deployment[] }> {
  const [revision, deployments, variants] = await readAtOnce(db, async (transaction) => [
    await readRevision(transaction),
    await tablesOf(transaction).selectFrom("deployments").selectAll().orderBy("endpoint").execute(),
    await readVariants(transaction),
  ]);
  return {
    revision,
    deployments: deployments.map((row) => ({
      endpoint: row.endpoint,
      salt: row.salt,
      updatedAt: row.updated_at,
      reason: row.reason,
      traffic: parsed<TrafficRules>(row.traffic),
      settings: parsed<ServingSettings>(row.settings),
      variants: variantsOf(row.endpoint, variants),
    })),
  };
}
