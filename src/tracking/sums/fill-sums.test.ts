import { expect, test } from "vitest";
import { openEvents } from "../../events.ts";
import { openLog } from "../../log.ts";
import { openTestDatabase } from "../../storage/fixtures/open-test-database.ts";
import { migrate } from "../../storage/migrations.ts";
import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { ensureDefaultExperiment } from "../experiments.ts";
import { openRun } from "../fixtures/open-ledger.ts";
import { logHistory } from "../fixtures/log-history.ts";
import { readSeries } from "../series.ts";
import { trackingMigrations, trackingTables } from "../store.ts";
import { startSumming } from "./fill-sums.ts";

const log = openLog("silent", "server");
const values = (count: number): number[] => Array.from({ length: count }, (_, step) => Math.sin(step / 90));
const summedPoints = async (db: Database): Promise<number> => (await trackingTables(db).selectFrom("metric_sums").select("points").execute()).reduce((sum, { points }) => sum + points, 0);

test("a history gets its sums as its points are announced, once they are many, and its newest points stay out of them", async () => {
  const { db } = await openRun();
  const events = openEvents(log);
  const summing = startSumming({ db, events, log });
  const announce = (count: number) => events.emit({ name: "tracking.metrics_logged", time: 0, payload: { runId: "r1", keys: ["loss"], points: [count] } });
  await logHistory(db, "r1", "loss", values(4000));
  await announce(4000);
  await summing.idle();
  expect(await summedPoints(db)).toBe(0);
  await logHistory(db, "r1", "loss", values(16_000), 4000);
  await announce(16_000);
  await summing.idle();
  const summed = await summedPoints(db);
  expect(summed).toBeGreaterThan(20_000 - 4096);
  expect(summed).toBeLessThan(20_000 - 1000);
  await summing.stop();
});

test("a ledger of before gets its sums when a server runs on it; one that ended amid goes on where it was, and the charts say the same all the while", async () => {
  const db = await openTestDatabase();
  await migrate(db, [{ name: "tracking", migrations: trackingMigrations.slice(0, -1) }], 0);
  await ensureDefaultExperiment(db, 1);
  await insertRows(db, "runs", ["id", "experiment_id", "name", "status", "started_at", "lifecycle", "user_id", "artifact_uri"], [["old", "0", "old", "finished", 1, "active", "me", ""]]);
  const keys = ["a", "short", "b", "c"];
  await insertRows(db, "metric_series", ["run_id", "key"], keys.map((key) => ["old", key]));
  const ids = await db.withTables<{ metric_series: { id: number; key: string } }>().selectFrom("metric_series").select(["id", "key"]).execute();
  for (const { id, key } of ids) await insertRows(db, "metric_points", ["series_id", "step", "time", "value", "kind"], values(key === "short" ? 50 : 30_000).map((value, step) => [id, step, step, value, 0]));
  expect(await migrate(db, [{ name: "tracking", migrations: trackingMigrations }], 0)).toEqual(["tracking/0006-metric-sums"]);
  const charts = () => Promise.all(keys.map((key) => readSeries(db, "old", key, { axis: "step" }, 100)));
  const rounded = async () => JSON.parse(JSON.stringify(await charts(), (_, value: unknown) => (typeof value === "number" ? Number(value.toFixed(9)) : value))) as unknown;
  const before = await rounded();

  const cutOff = startSumming({ db, events: openEvents(log), log });
  // The first slice is under way.
  while ((await summedPoints(db)) === 0) await new Promise(setImmediate);
  await cutOff.stop();
  const summed = await summedPoints(db);
  expect(summed).toBeLessThan(80_000);
  expect(await rounded()).toEqual(before);

  const next = startSumming({ db, events: openEvents(log), log });
  await next.idle();
  expect(await summedPoints(db)).toBeGreaterThan(3 * (30_000 - 4096));
  expect(await trackingTables(db).selectFrom("metric_sums_fill").selectAll().execute()).toEqual([]);
  expect(await rounded()).toEqual(before);
  await next.stop();
  await db.destroy();
});
