import { expect, test } from "vitest";
import { openDatabase } from "../storage/database.ts";
import { migrate } from "../storage/migrations.ts";
import { findExperiment } from "./experiments.ts";
import { metricHistory } from "./history.ts";
import { trackingMigrations } from "./store.ts";
import { readRun } from "./tracking.ts";

type OldTables = {
  experiments: { id: string; name: string; created_at: number };
  runs: { id: string; experiment_id: string; name: string; status: string; started_at: number; ended_at: number | null };
  metrics: { run_id: string; key: string; step: number; time: number; value: number };
  artifacts: { run_id: string; path: string; sha256: string; size: number };
};

test("a ledger of before keeps its runs, histories and artifacts; its experiments get numbers", async () => {
  const untyped = openDatabase(":memory:");
  await migrate(untyped, [{ name: "tracking", migrations: trackingMigrations.slice(0, 1) }], 0);
  const db = untyped.withTables<OldTables>();
  const names = ["bike demand", "1", "Default", "2"];
  await db.insertInto("experiments").values(names.map((name, index) => ({ id: name, name, created_at: index }))).execute();
  const run = { status: "finished", started_at: 5, ended_at: 6 };
  await db.insertInto("runs").values(names.map((name) => ({ ...run, id: `run of ${name}`, experiment_id: name, name }))).execute();
  await db.insertInto("metrics").values([1, 2, 3].map((step) => ({ run_id: "run of 1", key: "loss", step, time: 9, value: 1 / step }))).execute();
  await db.insertInto("artifacts").values({ run_id: "run of 1", path: "report.html", sha256: "ab", size: 3 }).execute();

  expect(await migrate(untyped, [{ name: "tracking", migrations: trackingMigrations }], 0)).toEqual(["tracking/0002-histories", "tracking/0003-runs-table"]);

  const ids = await Promise.all(names.map(async (name) => (await findExperiment(untyped, name))?.id));
  expect(ids).toEqual(["1", "2", "0", "3"]);
  for (const name of names) expect(await readRun(untyped, `run of ${name}`)).toMatchObject({ experiment: name, status: "finished", startedAt: 5 });
  expect((await metricHistory(untyped, "run of 1", "loss")).map(({ step, value }) => [step, value])).toEqual([[1, 1], [2, 1 / 2], [3, 1 / 3]]);
  expect((await readRun(untyped, "run of 1")).artifacts).toEqual([{ path: "report.html", sha256: "ab", size: 3 }]);
  expect(await findExperiment(untyped, "bike demand")).toMatchObject({ artifactLocation: "mlflow-artifacts:/1", createdAt: 0, lifecycle: "active" });
  await untyped.destroy();
});
