import { expect, test } from "vitest";
import { openLedger } from "./fixtures/open-ledger.ts";
import { metricHistory } from "./history.ts";
import { readRunDetails } from "./run-details.ts";
import { listRuns, readRun, recordRun, type RunRecord } from "./tracking.ts";

const record: RunRecord = {
  id: "p1",
  experiment: "bike-demand",
  name: "p1",
  status: "finished",
  startedAt: 5,
  endedAt: 9,
  params: { depth: "3" },
  tags: { trigger: "manual" },
  metrics: [{ key: "rmse", value: 2, step: 0, time: 5 }, { key: "rmse", value: 1, step: 1, time: 6 }],
  artifacts: [{ path: "model.onnx", sha256: "ab", size: 2 }],
  lineage: [],
};

test("a recorded run is one like those that clients log, in an experiment of its name", async () => {
  const db = await openLedger();
  await recordRun(db, record);
  await recordRun(db, { ...record, id: "p2", name: "p2" });
  expect(await readRun(db, "p1")).toEqual({
    id: "p1",
    experiment: "bike-demand",
    name: "p1",
    status: "finished",
    startedAt: 5,
    endedAt: 9,
    params: { depth: "3" },
    tags: { trigger: "manual", "mlflow.runName": "p1" },
    metrics: { rmse: 1 },
    artifacts: [{ path: "model.onnx", sha256: "ab", size: 2 }],
  });
  expect(await readRunDetails(db, "p2")).toMatchObject({ experimentId: "1", artifactUri: "mlflow-artifacts:/1/p2/artifacts", lifecycle: "active" });
  expect((await listRuns(db, { experiment: "bike-demand" })).map((run) => run.id)).toEqual(["p1", "p2"]);
});

test("recording it again replaces it", async () => {
  const db = await openLedger();
  await recordRun(db, record);
  await recordRun(db, { ...record, status: "failed", params: {}, metrics: [{ key: "rmse", value: Number.NaN, step: 0, time: 5 }], artifacts: [] });
  expect(await readRun(db, "p1")).toMatchObject({ status: "failed", params: {}, metrics: { rmse: Number.NaN }, artifacts: [] });
  expect(await metricHistory(db, "p1", "rmse")).toEqual([{ key: "rmse", value: Number.NaN, step: 0, time: 5 }]);
});
