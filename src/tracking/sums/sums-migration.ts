import { sql, type CreateTableBuilder } from "kysely";
import { clustered } from "../../storage/dialect.ts";
import type { Migration } from "../../storage/migrations.ts";

/**
 * Sums of metric histories. They begin empty: a ledger of before fills them while it runs (`fill-sums.ts`), from `metric_sums_fill.next` on, a series after another,
 * up to the last that there was (`last`).
 */
export const sumsMigration: Migration = {
  name: "0006-metric-sums",
  up: async (db) => {
    await db.schema.alterTable("metric_series").addColumn("summed_step", "bigint").execute();
    await db.schema.alterTable("metric_series").addColumn("summed_time", "bigint").execute();
    let sums: CreateTableBuilder<string, string> = db.schema.createTable("metric_sums").addColumn("series_id", "integer", (column) => column.notNull());
    for (const whole of ["from_step", "from_time", "until_step", "until_time", "first_step", "last_step", "first_time", "last_time"] as const)
      sums = sums.addColumn(whole, "bigint", (column) => column.notNull());
    sums = sums
      .addColumn("points", "integer", (column) => column.notNull())
      .addColumn("finite", "integer", (column) => column.notNull())
      .addColumn("total", "double precision", (column) => column.notNull())
      .addColumn("huge", "double precision", (column) => column.notNull());
    for (const [value, step] of [["low", "low_step"], ["high", "high_step"]] as const) sums = sums.addColumn(value, "double precision").addColumn(step, "bigint");
    for (const kind of ["nan", "up", "down"] as const) sums = sums.addColumn(`${kind}_points`, "integer", (column) => column.notNull()).addColumn(`${kind}_step`, "bigint");
    sums = sums.addColumn("stale", "smallint", (column) => column.notNull()).addPrimaryKeyConstraint("metric_sums_key", ["series_id", "from_step", "from_time"]);
    await clustered(db, sums).execute();
    await db.schema.createIndex("metric_sums_stale").on("metric_sums").column("series_id").where(sql.ref("stale"), "=", sql.lit(1)).execute();
    await db.schema.createTable("metric_sums_fill").addColumn("next", "integer", (column) => column.notNull()).addColumn("last", "integer", (column) => column.notNull()).execute();
    const tables = db.withTables<{ metric_series: { id: number }; metric_sums_fill: { next: number; last: number } }>();
    const { last } = await tables.selectFrom("metric_series").select(({ fn }) => fn.max("id").as("last")).executeTakeFirstOrThrow();
    if (last !== null) await tables.insertInto("metric_sums_fill").values({ next: 1, last: Number(last) }).execute();
  },
};
