import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, watch } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { PipelineRun, PipelineSpec, PipelineStep, Step } from "../stage.ts";
import { openTestEngine } from "./fixtures/open-test-engine.ts";
import { testSteps } from "./fixtures/steps.ts";
import { listRuns } from "./store.ts";

const step = (id: string, name: string, params: PipelineStep["params"] = {}, ...needs: string[]): PipelineStep => ({
  id,
  step: name,
  params,
  needs: Object.fromEntries(needs.map((need) => [need, need])),
});

const spec = (...steps: PipelineStep[]): PipelineSpec => ({ name: "test", model: "bikes", trigger: "manual", actor: "ada", seed: 1, steps });

async function open(options: Parameters<typeof openTestEngine>[1] = {}) {
  const folder = await temporaryFolder();
  const opened = await openTestEngine(folder, options);
  onTestFinished(() => opened.close());
  const run = async (id: string, pipeline: PipelineSpec): Promise<PipelineRun> => {
    await opened.engine.start(id, pipeline);
    return opened.engine.finished(id);
  };
  return { ...opened, folder, run, log: join(folder, "log") };
}

const linesOf = (file: string): string[] => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);
const statesOf = (run: PipelineRun): string[] => run.steps.map((one) => one.state);
const hitsOf = (run: PipelineRun): boolean[] => run.steps.map((one) => one.cacheHit);

describe("order", () => {
  test("a step runs when what it needs is there, and gets it", async () => {
    const { run, log, events } = await open();
    const heard: string[] = [];
    events.on("*", ({ name }) => void heard.push(name));
    const ended = await run("r1", spec(step("a", "test.add", { add: 1, log }), step("b", "test.add", { add: 10, log }, "a"), step("c", "test.note", { log }, "a", "b")));
    expect(ended).toMatchObject({ id: "r1", state: "succeeded", reason: null, name: "test", model: "bikes", trigger: "manual", actor: "ada" });
    expect(linesOf(log)).toEqual(["add 1", "add 10", "note c"]);
    expect(ended.steps.map((one) => one.output)).toEqual([
      { sum: 1, seed: 1 },
      { sum: 11, seed: 1 },
      { runId: "r1", stepId: "c", actor: "ada", inputs: { a: { sum: 1, seed: 1 }, b: { sum: 11, seed: 1 } } },
    ]);
    for (const one of ended.steps) expect(one.finishedAt! >= one.startedAt!).toBe(true);
    expect(heard).toEqual(["pipelines.run_succeeded"]);
  });

  test("steps that do not need each other run side by side", async () => {
    const { engine, folder } = await open();
    // Each waits for the other's beginning: one after the other they would never end.
    const [go] = [join(folder, "go")];
    await engine.start("r1", spec(step("a", "test.wait", { until: go }), step("b", "test.wait", { until: go, other: true }), step("c", "test.add", { add: 1 }, "a", "b")));
    await expect.poll(async () => (await engine.read("r1")).steps.filter((one) => one.state === "running" && one.progress).length, { timeout: 10_000 }).toBe(2);
    expect((await engine.read("r1")).state).toBe("running");
    await writeFile(go, "");
    expect(statesOf(await engine.finished("r1"))).toEqual(["succeeded", "succeeded", "succeeded"]);
  });
});

describe("the cache", () => {
  const pair = (log: string, add = 1): PipelineSpec => spec(step("a", "test.add", { add, log }), step("b", "test.add", { add: 10, log }, "a"));

  test("the same work is not done twice, in the same run or another", async () => {
    const { run, log } = await open();
    const first = await run("r1", pair(log));
    const second = await run("r2", pair(log));
    expect([hitsOf(first), hitsOf(second)]).toEqual([[false, false], [true, true]]);
    expect(second.steps.map((one) => one.output)).toEqual(first.steps.map((one) => one.output));
    expect(linesOf(log)).toEqual(["add 1", "add 10"]);
  });

  test("another parameter is other work, and so is what is built on it", async () => {
    const { run, log } = await open();
    await run("r1", pair(log));
    expect(hitsOf(await run("r2", pair(log, 2)))).toEqual([false, false]);
    expect(hitsOf(await run("r3", pair(log, 1)))).toEqual([true, true]);
  });

  test("another seed is other work", async () => {
    const { run, log } = await open();
    await run("r1", pair(log));
    expect(hitsOf(await run("r2", { ...pair(log), seed: 2 }))).toEqual([false, false]);
  });

  test("another version of the step is other work", async () => {
    const raised = new Map(testSteps.map((one): [string, Step] => [one.name, one.where === "worker" ? { ...one, version: 2 } : one]));
    const folder = await temporaryFolder();
    const open2 = async (steps?: ReadonlyMap<string, Step>) => {
      const opened = await openTestEngine(folder, steps ? { steps } : {});
      onTestFinished(() => opened.close());
      return opened;
    };
    const [before, after] = [await open2(), await open2(raised)];
    await before.engine.start("r1", pair(join(folder, "log")));
    await before.engine.finished("r1");
    await after.engine.start("r2", pair(join(folder, "log")));
    expect(hitsOf(await after.engine.finished("r2"))).toEqual([false, false]);
  });

  test("a file that the step reads is part of the work: changed content is other work, another date is not", async () => {
    const { run, log, folder } = await open();
    const file = join(folder, "table.csv");
    const reading = spec(step("a", "test.read", { file, log }));
    await writeFile(file, "one");
    expect((await run("r1", reading)).steps[0].output).toEqual({ text: "one" });
    await writeFile(file, "one");
    expect(hitsOf(await run("r2", reading))).toEqual([true]);
    await writeFile(file, "two");
    const third = await run("r3", reading);
    expect([hitsOf(third), third.steps[0].output]).toEqual([[false], { text: "two" }]);
  });

  test("a file that cannot be read is for the step to say", async () => {
    const { run, folder } = await open();
    const ended = await run("r1", spec(step("a", "test.read", { file: join(folder, "absent.csv") })));
    expect(ended.steps[0].error).toMatchObject({ code: "pipelines.step_failed", message: expect.stringContaining("absent.csv") as string });
  });

  test("what failed is done again", async () => {
    const { run, log, folder } = await open();
    const reading = spec(step("a", "test.read", { file: join(folder, "late.csv"), log }));
    expect((await run("r1", reading)).state).toBe("failed");
    await writeFile(join(folder, "late.csv"), "here now");
    expect(await run("r2", reading)).toMatchObject({ state: "succeeded" });
  });

  test("server steps act, so they run every time", async () => {
    const { run, log } = await open();
    const noting = spec(step("a", "test.note", { log }));
    await run("r1", noting);
    expect(hitsOf(await run("r2", noting))).toEqual([false]);
    expect(linesOf(log)).toEqual(["note a", "note a"]);
  });
});

describe("ends", () => {
  test("a step may end its pipeline in good order: later steps are skipped", async () => {
    const { run, log, events } = await open();
    const heard: string[] = [];
    events.on("pipelines.run_stopped", ({ payload }) => void heard.push(String(payload["id"])));
    const ended = await run("r1", spec(step("a", "test.add", { add: 1 }), step("gate", "test.stop", { why: "the model is no better" }, "a"), step("c", "test.note", { log }, "gate")));
    expect(ended).toMatchObject({ state: "stopped", reason: "the model is no better" });
    expect(statesOf(ended)).toEqual(["succeeded", "succeeded", "skipped"]);
    expect([linesOf(log), heard]).toEqual([[], ["r1"]]);
  });

  test.each([
    ["test.refuse", { code: "test.refused", message: "the grain is wet" }],
    ["test.bug", { code: "pipelines.step_failed", message: expect.stringContaining("undefined is no grain") as string }],
    ["test.die", { code: "pipelines.worker_lost", message: expect.stringContaining("SIGKILL") as string }],
  ])("a failing step (%s) ends its run, with its error", async (name, error) => {
    const { run, log } = await open();
    const ended = await run("r1", spec(step("a", name), step("b", "test.note", { log }, "a")));
    expect(ended.state).toBe("failed");
    expect(statesOf(ended)).toEqual(["failed", "skipped"]);
    expect(ended.steps[0].error).toMatchObject(error);
    expect(ended.reason).toEqual(error.message);
    expect(linesOf(log)).toEqual([]);
  });

  test("a step beside the failing one is let end, and its output kept", async () => {
    const { run } = await open();
    const ended = await run("r1", spec(step("a", "test.refuse"), step("b", "test.add", { add: 5 }), step("c", "test.add", { add: 1 }, "b")));
    expect(ended.state).toBe("failed");
    expect(ended.steps[1]).toMatchObject({ state: "succeeded", output: { sum: 5 } });
  });
});

describe("what is refused", () => {
  test.each<[string, PipelineSpec, string, RegExp]>([
    ["an unknown step", spec(step("a", "test.ad")), "pipelines.unknown_step", /no step "test\.ad"; the steps are test\.add/],
    ["two steps of one id", spec(step("a", "test.note"), step("a", "test.note")), "pipelines.duplicate_step", /two steps with the id "a"/],
    ["a need that is no step", spec(step("a", "test.note", {}, "b")), "pipelines.unknown_need", /Step a needs "b"/],
    ["a need that comes later", spec(step("a", "test.note", {}, "b"), step("b", "test.note")), "pipelines.unknown_need", /no earlier step/],
    ["a step that needs itself", spec(step("a", "test.note", {}, "a")), "pipelines.unknown_need", /Step a needs "a"/],
    ["no steps", spec(), "pipelines.no_steps", /no steps/],
  ])("%s", async (_, pipeline, code, message) => {
    const { engine, db } = await open();
    await expect(engine.start("r1", pipeline)).rejects.toMatchObject({ code, status: 400, message: expect.stringMatching(message) as string });
    expect(await listRuns(db, {})).toEqual([]);
  });

  test("a run that is not there", async () => {
    const { engine } = await open();
    await expect(engine.read("r9")).rejects.toMatchObject({ code: "pipelines.run_not_found", status: 404 });
    await expect(engine.finished("r9")).rejects.toMatchObject({ code: "pipelines.run_not_found" });
  });
});

describe("going on", () => {
  test("starting a run again does nothing to it", async () => {
    const { run, log } = await open();
    const noting = spec(step("a", "test.note", { log }));
    const first = await run("r1", noting);
    expect(await run("r1", noting)).toEqual(first);
    expect(linesOf(log)).toEqual(["note a"]);
  });

  test("stopping cuts off what runs, and the next engine goes on with it", async () => {
    const { engine, folder, close, log } = await open();
    const go = join(folder, "go");
    const pipeline = spec(step("a", "test.add", { add: 1, log }), step("b", "test.wait", { until: go, log }, "a"), step("c", "test.note", { log }, "b"));
    await engine.start("r1", pipeline);
    await expect.poll(async () => (await engine.read("r1")).steps[1].progress, { timeout: 10_000 }).not.toBeNull();
    await close();
    await writeFile(go, "");
    const again = await openTestEngine(folder);
    onTestFinished(() => again.close());
    expect((await again.engine.read("r1")).state).toBe("running");
    await again.engine.resume();
    expect((await again.engine.finished("r1")).state).toBe("succeeded");
    expect(linesOf(log)).toEqual(["add 1", `wait ${go}`, `wait ${go}`, "note c"]);
  });

  test("a run whose process was killed in its second step goes on from there, to the same outputs", async () => {
    const pipeline = (folder: string): PipelineSpec =>
      spec(
        step("one", "test.add", { add: 1, log: join(folder, "log") }),
        step("two", "test.wait", { until: join(folder, "go"), log: join(folder, "log") }, "one"),
        step("three", "test.add", { add: 30, log: join(folder, "log") }, "one"),
        step("four", "test.note", { log: join(folder, "log") }, "two", "three"),
      );
    const folder = await temporaryFolder();
    const log = join(folder, "log");
    await writeFile(log, "");
    const changed = new Promise<void>((resolve) => {
      const watcher = watch(log, () => {
        if (linesOf(log).filter((line) => /^wait|add 30/.test(line)).length < 2) return;
        watcher.close();
        resolve();
      });
    });
    const child = spawn(process.execPath, [fileURLToPath(new URL("fixtures/engine-program.ts", import.meta.url)), folder, "r1", JSON.stringify(pipeline(folder))], { stdio: "inherit" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await changed;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;

    await writeFile(join(folder, "go"), "");
    const { engine, close } = await openTestEngine(folder);
    onTestFinished(() => close());
    const cut = await engine.read("r1");
    expect([cut.state, cut.steps[0].state, cut.steps[1].state]).toEqual(["running", "succeeded", "running"]);
    await engine.resume();
    const resumed = await engine.finished("r1");
    expect(statesOf(resumed)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded"]);
    const lines = linesOf(log);
    expect(lines.filter((line) => line === "add 1")).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("wait"))).toHaveLength(2);
    expect(lines.filter((line) => line === "note four")).toHaveLength(1);

    const undisturbed = await temporaryFolder();
    await writeFile(join(undisturbed, "go"), "");
    const other = await openTestEngine(undisturbed);
    onTestFinished(() => other.close());
    await other.engine.start("r1", pipeline(undisturbed));
    const outputs = (run: PipelineRun): unknown => run.steps.filter((one) => one.id !== "two" && one.id !== "four").map((one) => one.output);
    expect(outputs(resumed)).toEqual(outputs(await other.engine.finished("r1")));
  });
});

describe("programs of steps", () => {
  test("what they print can be read from any byte on, characters whole, also after the end", async () => {
    const { run, engine } = await open();
    await run("r1", spec(step("a", "test.print", { text: "mehl: äöü €\n" })));
    expect(await engine.output("r1", "a", 0)).toEqual({ text: "mehl: äöü €\n", next: 17 });
    expect(await engine.output("r1", "a", 13)).toEqual({ text: "€\n", next: 17 });
    expect(await engine.output("r1", "a", 17)).toEqual({ text: "", next: 17 });
    expect(await engine.output("r1", "never", 0)).toEqual({ text: "", next: 0 });
    await expect(engine.output("r2", "a", 0)).rejects.toMatchObject({ code: "pipelines.run_not_found" });
  });

  test("a step that is not repeatable runs every time", async () => {
    const { run, log } = await open();
    for (const id of ["r1", "r2"]) expect(hitsOf(await run(id, spec(step("a", "test.print", { log }), step("b", "test.add", { add: 1, log }))))).toEqual([false, id === "r2"]);
    expect(linesOf(log).filter((line) => line === "print")).toHaveLength(2);
  });

  test("a run is cancelled with what runs and what would come; one that has ended is not", async () => {
    const { engine, folder, log } = await open();
    await engine.start("r1", spec(step("a", "test.wait", { until: join(folder, "never"), log }), step("b", "test.note", { log }, "a")));
    await expect.poll(async () => (await engine.read("r1")).steps[0].progress, { timeout: 10_000 }).not.toBeNull();
    await engine.cancel("r1", "ada");
    const ended = await engine.finished("r1");
    expect(ended).toMatchObject({ state: "failed", reason: "It was cancelled by ada", steps: [{ state: "failed", error: { code: "pipelines.cancelled" } }, { state: "skipped" }] });
    expect(linesOf(log)).toEqual([`wait ${join(folder, "never")}`]);
    await expect(engine.cancel("r1", "ada")).rejects.toMatchObject({ status: 409, code: "pipelines.not_running", message: "The run r1 has ended: failed" });
    await expect(engine.cancel("r9", "ada")).rejects.toMatchObject({ code: "pipelines.run_not_found" });
  });
});
