import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openFolderBlobs } from "../storage/folder-blobs.ts";
import { executorConformance } from "./executor-conformance.ts";
import { workerProgram } from "./fixtures/open-test-engine.ts";
import { openProcessExecutor } from "./process-executor.ts";

executorConformance("the process executor", async () => {
  const folder = await temporaryFolder();
  const root = join(folder, "artifacts");
  return { executor: openProcessExecutor({ program: workerProgram, args: [root], workers: 2 }), blobs: openFolderBlobs(root), folder };
});

test("a program that is not there loses its tasks, it does not lose us", async () => {
  const executor = openProcessExecutor({ program: "/absent/worker.ts", args: [], workers: 1 });
  onTestFinished(() => executor.close());
  await expect(executor.run({ step: "test.add", params: { add: 1 }, inputs: {}, seed: 0 }, () => undefined)).rejects.toMatchObject({ code: "pipelines.worker_lost" });
});

test("an idle worker is kept for the next task, and let go after its time", async () => {
  const folder = await temporaryFolder();
  const executor = openProcessExecutor({ program: workerProgram, args: [folder], workers: 1, keepIdleMs: 30 });
  onTestFinished(() => executor.close());
  const pidOf = async (): Promise<number> => Number((await executor.run({ step: "test.wait", params: { until: folder }, inputs: {}, seed: 0 }, () => undefined))["pid"]);
  const pid = await pidOf();
  expect(await pidOf()).toBe(pid);
  await expect.poll(() => alive(pid), { timeout: 5000, interval: 10 }).toBe(false);
  expect(await pidOf()).not.toBe(pid);
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
