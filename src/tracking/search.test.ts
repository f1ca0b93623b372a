import { sql } from "kysely";
import { expect, test } from "vitest";
import { insertRows } from "../storage/insert-rows.ts";
import type { Database } from "../storage/database.ts";
import { metricOrder, runFilter, runOrders, walkedFilter } from "./filter/run-filter.ts";
import { openLedger } from "./fixtures/open-ledger.ts";
import { searchRuns } from "./search.ts";

const count = 4500;

/** Many runs: `m` with ties and NaN and not for all, `n` for all, a param. */
async function manyRuns(): Promise<Database> {
  const db = await openLedger();
  const numbers = Array.from({ length: count }, (_, index) => index);
  const id = (index: number): string => String(index).padStart(6, "0");
  const columns = ["id", "experiment_id", "name", "status", "started_at", "lifecycle", "user_id", "artifact_uri"];
  await insertRows(db, "runs", columns, numbers.map((index) => [id(index), "0", `run ${index}`, "finished", 1000 + (index % 50), index % 90 === 7 ? "deleted" : "active", "u", "x:"]));
  const metrics = numbers.flatMap((index) => [
    ...(index % 9 === 0 ? [] : [[id(index), "m", 0, 1, index % 11 === 3 ? 0 : (index * 7919) % 500, index % 11 === 3 ? 2 : 0]]),
    [id(index), "n", 0, 1, (index * 104_729) % 1000, 0],
  ]);
  await insertRows(db, "latest_metrics", ["run_id", "key", "step", "time", "value", "kind"], metrics);
  await insertRows(db, "params", ["run_id", "key", "value"], numbers.map((index) => [id(index), "p", String(index % 4)]));
  return db;
}

test("the index over a metric gives the same pages as sorting all runs", async () => {
  const db = await manyRuns();
  for (const order of ["metrics.m DESC", "metrics.m ASC", "metrics.absent DESC"]) {
    for (const filter of [undefined, "metrics.n > 400", "metrics.n > 400 AND params.p = '1'", "metrics.n > 990", "metrics.n > 990 OR metrics.m < 400", "NOT metrics.n < 300", "metrics.m IS NOT NULL"]) {
      const where = runFilter(db, filter);
      const search = { lifecycle: "active" as const, where, orders: [...runOrders(order), { by: sql`runs.started_at`, ascending: false }] };
      for (const page of [{ offset: 0, limit: 20 }, { offset: 700, limit: 300 }, { offset: 0, limit: 2000 }, { offset: 1990, limit: 400 }]) {
        const sorted = await searchRuns(db, ["0"], { ...search, ...page });
        const walked = await searchRuns(db, ["0"], { ...search, ...page, byMetric: { ...metricOrder(order)!, filter: walkedFilter(db, filter) } });
        expect(walked, `${order} ${filter} ${JSON.stringify(page)}`).toEqual(sorted);
      }
    }
  }
});
