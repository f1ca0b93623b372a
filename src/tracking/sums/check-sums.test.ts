import { expect, test } from "vitest";
import { openEvents } from "../../events.ts";
import { openLog } from "../../log.ts";
import type { Database } from "../../storage/database.ts";
import { transact } from "../../storage/transactions.ts";
import { logHistory } from "../fixtures/log-history.ts";
import { openRun } from "../fixtures/open-ledger.ts";
import { logMetrics } from "../log-batch.ts";
import { readSeries } from "../series.ts";
import { trackingTables } from "../store.ts";
import { checkSums, repairSums, type SumFault } from "./check-sums.ts";
import { startSumming } from "./fill-sums.ts";
import { sealSlice } from "./seal.ts";

const points = 20_000;
const key = "loss";
const values = Array.from({ length: points }, (_, step) => (step % 999 === 0 ? Number.NaN : Math.sin(step / 90) * 1e3));

async function summedRun(): Promise<Database> {
  const { db } = await openRun();
  await logHistory(db, "r1", key, values);
  await logHistory(db, "r1", "short", values.slice(0, 100));
  const { id } = await trackingTables(db).selectFrom("metric_series").select("id").where("key", "=", key).executeTakeFirstOrThrow();
  while ((await transact(db, (transaction) => sealSlice(transaction, id))).more);
  return db;
}

const chart = (db: Database) => readSeries(db, "r1", key, { axis: "step" }, 50);

async function faultsOf(db: Database): Promise<{ checked: number; faults: SumFault[] }> {
  const faults: SumFault[] = [];
  return { checked: await checkSums(db, (fault) => faults.push(fault)), faults };
}

const sums = (db: Database) => trackingTables(db).selectFrom("metric_sums").select(["from_step", "from_time", "stale"]).orderBy("from_step").execute();

test("sums that are right are told to be, all of them, also after points that came late and where some are stale", async () => {
  const db = await summedRun();
  const all = (await sums(db)).length;
  expect(await faultsOf(db)).toEqual({ checked: all, faults: [] });
  expect(all).toBeGreaterThan(100);
  await logMetrics(db, "r1", [{ key, value: 5e6, step: 777, time: 7770 }]);
  expect((await sums(db)).filter(({ stale }) => stale === 1)).toHaveLength(1);
  expect(await faultsOf(db)).toEqual({ checked: all, faults: [] });
});

const spoils: [string, (db: Database, from: { from_step: number }) => Promise<unknown>, RegExp][] = [
  ["a greatest value", (db, { from_step }) => trackingTables(db).updateTable("metric_sums").set({ high: 9e9 }).where("from_step", "=", from_step).execute(), /^step \d+ to step \d+: high is 9000000000, its points say /],
  ["a count", (db, { from_step }) => trackingTables(db).updateTable("metric_sums").set({ points: 127, finite: 126 }).where("from_step", "=", from_step).execute(), /: points is 127, its points say 128$/],
  ["a total, by a millionth", (db, { from_step }) => trackingTables(db).updateTable("metric_sums").set(({ eb }) => ({ total: eb("total", "*", 1.000001) })).where("from_step", "=", from_step).execute(), /: total is /],
  ["a count of NaN", (db, { from_step }) => trackingTables(db).updateTable("metric_sums").set({ nan_points: 7 }).where("from_step", "=", from_step).execute(), /: nan_points is 7/],
  ["a step", (db, { from_step }) => trackingTables(db).updateTable("metric_sums").set(({ eb }) => ({ last_step: eb("last_step", "+", 1) })).where("from_step", "=", from_step).execute(), /: last_step is /],
  ["points that are gone from one", (db, { from_step }) => trackingTables(db).deleteFrom("metric_points").where("step", "=", from_step + 3).execute(), /: points is 128, its points say 127$/],
  ["all points of one gone", (db, { from_step }) => trackingTables(db).deleteFrom("metric_points").where("step", ">=", from_step).where("step", "<", from_step + 128).execute(), /^the points of step \d+ to step \d+ are gone$/],
  ["one that is gone", (db, { from_step }) => trackingTables(db).deleteFrom("metric_sums").where("from_step", "=", from_step).execute(), /^no sum covers step \d+ to step \d+$/],
  ["the last ones gone", (db, { from_step }) => trackingTables(db).deleteFrom("metric_sums").where("from_step", ">=", from_step).execute(), /^no sum covers step \d+ to step \d+$/],
  ["all gone", (db) => trackingTables(db).deleteFrom("metric_sums").execute(), /^no sum covers the beginning to step \d+$/],
];

test.each(spoils)("%s: it is told with its run, metric and steps, and once repaired a server makes it anew, and the chart is right", async (_, spoil, what) => {
  const db = await summedRun();
  const from = (await sums(db))[70];
  await spoil(db, from);
  const { faults } = await faultsOf(db);
  expect(faults).toEqual([{ series: expect.any(Number), runId: "r1", key, what: expect.stringMatching(what), from: faults[0]?.from === null ? null : [from.from_step, from.from_time] }]);
  const { n } = await trackingTables(db).selectFrom("metric_points").select(({ fn }) => fn.countAll().as("n")).where("series_id", "=", faults[0].series).executeTakeFirstOrThrow();

  await repairSums(db, faults);
  expect((await faultsOf(db)).faults).toEqual([]);
  const before = await chart(db);
  expect(before.points).toBe(Number(n));
  const log = openLog("silent", "server");
  const summing = startSumming({ db, events: openEvents(log), log });
  summing.due("r1", key);
  await summing.idle();
  expect((await sums(db)).filter(({ stale }) => stale === 1)).toEqual([]);
  const after = await faultsOf(db);
  expect([after.checked > 100, after.faults]).toEqual([true, []]);
  const rounded = (told: object): unknown => JSON.parse(JSON.stringify(told, (_name, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(9)) : value)));
  expect(rounded(await chart(db))).toEqual(rounded(before));
  await summing.stop();
});
