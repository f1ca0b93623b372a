import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { StepProgress } from "../stage.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { Executor, StepTask } from "./executor.ts";

/** An executor under test: it runs the steps of `fixtures/steps.ts`, with two workers. */
export interface ExecutorUnderTest {
  readonly executor: Executor;
  /** The artifact store its workers write to. */
  readonly blobs: BlobStore;
  /** A folder that the test and the workers both see. */
  readonly folder: string;
}

const task = (step: string, params: StepTask["params"] = {}, more: Partial<StepTask> = {}): StepTask => ({ step, params, inputs: {}, seed: 0, ...more });
const quiet = (): void => undefined;

/** The contract of an executor: call it in a test file, once per executor. */
export function executorConformance(name: string, open: () => Promise<ExecutorUnderTest>): void {
  const started = async (): Promise<ExecutorUnderTest> => {
    const opened = await open();
    onTestFinished(() => opened.executor.close());
    return opened;
  };

  describe(`${name} keeps the contract of an executor`, () => {
    test("a task gets its parameters, inputs and seed, and its output comes back", async () => {
      const { executor } = await started();
      const seen: StepProgress[] = [];
      const output = await executor.run(task("test.add", { add: 3 }, { inputs: { a: { sum: 4 }, b: { sum: 5 } }, seed: 9 }), (progress) => seen.push(progress));
      expect(output).toEqual({ sum: 12, seed: 9 });
      expect(seen).toEqual([{ message: "adding", done: 1, total: 1 }]);
    });

    test("a task writes to the artifact store, and its folder is gone afterwards", async () => {
      const { executor, blobs } = await started();
      const output = await executor.run(task("test.keep", { text: "grain" }), quiet);
      expect((await blobs.get(output["sha256"] as string)).toString()).toBe("grain");
      expect(existsSync(output["workdir"] as string)).toBe(false);
    });

    test("a step's error comes back with code, status and details", async () => {
      const { executor } = await started();
      await expect(executor.run(task("test.refuse"), quiet)).rejects.toMatchObject({ name: "MillraceError", code: "test.refused", status: 400, message: "the grain is wet", details: { moisture: 0.4 } });
      await expect(executor.run(task("test.bug"), quiet)).rejects.toMatchObject({ code: "pipelines.step_failed", status: 500, message: expect.stringContaining("undefined is no grain") as string });
      await expect(executor.run(task("test.absent"), quiet)).rejects.toMatchObject({ message: expect.stringContaining("test.absent is no worker step") as string });
      expect(await executor.run(task("test.add", { add: 1 }), quiet)).toMatchObject({ sum: 1 });
    });

    test.each([["SIGKILL"], ["SIGTERM"]])("a worker that is killed in mid-task (%s) loses that task and no other", async (signal) => {
      const { executor } = await started();
      const others = Array.from({ length: 4 }, (_, add) => executor.run(task("test.add", { add }), quiet));
      await expect(executor.run(task("test.die", { signal }), quiet)).rejects.toMatchObject({ code: "pipelines.worker_lost", status: 500, message: expect.stringContaining("test.die") as string });
      expect((await Promise.all(others)).map((output) => output["sum"])).toEqual([0, 1, 2, 3]);
      expect(await executor.run(task("test.add", { add: 7 }), quiet)).toMatchObject({ sum: 7 });
    });

    test("an idle worker that is killed is replaced", async () => {
      const { executor, folder } = await started();
      await writeFile(join(folder, "go"), "");
      for (let round = 0; round < 3; round++) {
        const { pid } = await executor.run(task("test.wait", { until: join(folder, "go") }), quiet);
        process.kill(Number(pid), "SIGKILL");
        const [one, two] = [executor.run(task("test.add", { add: round }), quiet), executor.run(task("test.add", { add: round }), quiet)];
        // The task that was on its way to the dead worker may be lost; that is said, and nothing else breaks.
        const ends = (await Promise.allSettled([one, two])).map((end) => (end.status === "fulfilled" ? end.value["sum"] : (end.reason as { code: string }).code));
        for (const end of ends) expect([round, "pipelines.worker_lost"]).toContain(end);
      }
    });

    test("many tasks share two workers, two at a time", async () => {
      const { executor, folder } = await started();
      const go = join(folder, "go");
      const begun: string[] = [];
      const waiting = Array.from({ length: 2 }, () => new Promise<void>((resolve) => void executor.run(task("test.wait", { until: go }), ({ message }) => (begun.push(message), resolve())).catch(quiet)));
      const later = Array.from({ length: 30 }, (_, add) => executor.run(task("test.add", { add }), quiet));
      await Promise.all(waiting);
      expect(new Set(begun).size).toBe(2);
      await writeFile(go, "");
      expect((await Promise.all(later)).map((output) => output["sum"])).toEqual(Array.from({ length: 30 }, (_, add) => add));
    });

    test("what a task prints is told while it runs, and it knows which step run it is", async () => {
      const { executor } = await started();
      const printed: string[] = [];
      const place = { runId: "r", stepId: "s", server: "http://127.0.0.1:1" };
      const output = await executor.run(task("test.print", { text: "grain\n" }, { place }), quiet, { print: (text) => printed.push(text) });
      expect(printed).toEqual(["grain\n"]);
      expect(output["place"]).toMatchObject(place);
      expect(await executor.run(task("test.print", { text: "more" }), quiet)).toEqual({ place: undefined });
    });

    test("a task that is cancelled ends at once, running or waiting, and no other does", async () => {
      const { executor, folder } = await started();
      const go = join(folder, "go");
      const cancel = new AbortController();
      const pids: number[] = [];
      const begun = Promise.withResolvers<void>();
      const [running, other] = [{ signal: cancel.signal }, {}].map((options) => executor.run(task("test.wait", { until: go }), ({ message }) => pids.push(Number(message)) === 2 && begun.resolve(), options));
      const waiting = executor.run(task("test.add", { add: 1 }), quiet, { signal: cancel.signal });
      const ends = Promise.allSettled([running, waiting]);
      await begun.promise;
      const why = new Error("enough");
      cancel.abort(why);
      expect(await ends).toEqual([{ status: "rejected", reason: why }, { status: "rejected", reason: why }]);
      await expect(executor.run(task("test.add", { add: 1 }), quiet, { signal: cancel.signal })).rejects.toBe(why);
      await writeFile(go, "");
      expect(pids).toContain((await other)["pid"]);
      expect(await executor.run(task("test.add", { add: 7 }), quiet)).toMatchObject({ sum: 7 });
    });

    test("closing ends what runs and what waits, and takes no more", async () => {
      const { executor, folder } = await started();
      const pids: number[] = [];
      const never = { until: join(folder, "never") };
      const running: Promise<unknown>[] = [];
      await Promise.all(Array.from({ length: 2 }, () => new Promise<void>((resolve) => running.push(executor.run(task("test.wait", never), ({ message }) => (pids.push(Number(message)), resolve()))))));
      const waiting = executor.run(task("test.add", { add: 1 }), quiet);
      const ends = Promise.allSettled([...running, waiting]);
      await executor.close();
      expect((await ends).map((result) => result.status === "rejected" && (result.reason as { code: string }).code)).toEqual(["pipelines.worker_lost", "pipelines.worker_lost", "pipelines.closing"]);
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
      await expect(executor.run(task("test.add", { add: 1 }), quiet)).rejects.toMatchObject({ code: "pipelines.closing", status: 503 });
    });
  });
}
