import { expect, onTestFinished, test } from "vitest";
import type { Database } from "../storage/database.ts";
import { openTestDatabase } from "../storage/fixtures/open-test-database.ts";
import { migrate } from "../storage/migrations.ts";
import { ensureDefaultExperiment } from "./experiments.ts";
import { logMetrics, logParams } from "./log-batch.ts";
import { beginRun, completeRun, endRun, openRuns } from "./open-run.ts";
import { createRun } from "./runs.ts";
import { trackingMigrations } from "./store.ts";
import { readRun, type RunRecord } from "./tracking.ts";

async function open(): Promise<Database> {
  const db = await openTestDatabase();
  onTestFinished(() => db.destroy());
  await migrate(db, [{ name: "tracking", migrations: trackingMigrations }], 0);
  await ensureDefaultExperiment(db, 0);
  return db;
}

const run = { id: "p1", experiment: "bikes", time: 5 };
const file = { sha256: "a".repeat(64), size: 3 };
const record: RunRecord = {
  id: "p1",
  experiment: "bikes",
  name: "p1",
  status: "finished",
  startedAt: 5,
  endedAt: 9,
  params: { algorithm: "run", rate: "ours" },
  tags: { trigger: "manual" },
  metrics: [{ key: "rmse", value: 2, step: 0, time: 9 }],
  artifacts: [{ path: "model.onnx", ...file }],
  lineage: [],
};

test("what was logged while a training went on stays, and what the house knows comes beside it, once", async () => {
  const db = await open();
  const { experimentId } = await beginRun(db, run);
  expect(await beginRun(db, { ...run, time: 6 })).toEqual({ experimentId });
  expect(await openRuns(db)).toEqual(["p1"]);
  await logMetrics(db, "p1", [{ key: "loss", value: 0.5, step: 1, time: 7 }]);
  await logParams(db, "p1", [["rate", "theirs"]]);
  await completeRun(db, record);
  const whole = await readRun(db, "p1");
  expect(whole).toMatchObject({ experiment: "bikes", status: "finished", startedAt: 5, endedAt: 9, params: { algorithm: "run", rate: "theirs" }, tags: { trigger: "manual" }, metrics: { loss: 0.5, rmse: 2 }, artifacts: [{ path: "model.onnx", ...file }] });
  // A step that is done again after a crash changes nothing.
  await completeRun(db, { ...record, endedAt: 20, metrics: [{ key: "rmse", value: 3, step: 0, time: 20 }] });
  expect(await readRun(db, "p1")).toEqual(whole);
  expect(await openRuns(db)).toEqual([]);
  await endRun(db, "p1", "failed", 30);
  expect((await readRun(db, "p1")).status).toBe("finished");
});

test("a run whose pipeline has ended ends, with what still goes on within it; others do not", async () => {
  const db = await open();
  const { experimentId } = await beginRun(db, run);
  const within = (id: string, parent: string) => createRun(db, { id, experimentId, userId: "ada", startedAt: 6, tags: new Map([["mlflow.parentRunId", parent]]) });
  await within("inner", "p1");
  await within("other", "p2");
  await endRun(db, "p1", "failed", 8);
  await endRun(db, "p2", "failed", 8);
  const statusOf = async (id: string) => (await readRun(db, id)).status;
  expect([await statusOf("p1"), await statusOf("inner"), await statusOf("other")]).toEqual(["failed", "failed", "running"]);
  expect(await openRuns(db)).toEqual([]);
});
