import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openTestEngine, type TestEngine } from "../../src/pipelines/fixtures/open-test-engine.ts";
import type { PipelineSpec } from "../../src/stage.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Two servers' engines over one database, and a run that waits for a file before it ends. */
async function openTwo() {
  const folder = await temporaryFolder();
  const [log, until] = [join(folder, "log"), join(folder, "go")];
  const [one, other] = [await openTestEngine(folder), await openTestEngine(folder)];
  onTestFinished(async () => {
    await one.close().catch(() => undefined);
    await other.close();
  });
  const step = (id: string, name: string, ...needs: string[]) => ({ id, step: name, params: { log, until }, needs: Object.fromEntries(needs.map((need) => [need, need])) });
  const spec: PipelineSpec = { name: "test", model: "bikes", trigger: "manual", actor: "ada", seed: 1, steps: [step("a", "test.wait"), step("b", "test.note", "a")] };
  await one.engine.start("r1", spec);
  await expect.poll(async () => (await one.engine.read("r1")).steps[0].progress?.message, { timeout: 20_000 }).toBeDefined();
  return { one, other, spec, go: () => writeFile(until, ""), lines: () => readFileSync(log, "utf8").trim().split("\n").map((line) => line.split(" ")[0]) };
}

const stateOf = async ({ engine }: TestEngine): Promise<string> => (await engine.read("r1")).state;

test("a run that one walks is walked by nobody else: not by one that starts, not by one that is asked for it", async () => {
  const { one, other, spec, go, lines } = await openTwo();
  await other.engine.resume();
  await other.engine.start("r1", spec);
  const waited = other.engine.finished("r1");
  await go();
  expect((await one.engine.finished("r1")).state).toBe("succeeded");
  expect((await waited).state).toBe("succeeded");
  expect(lines()).toEqual(["wait", "note"]);
});

test("a run whose server stopped is gone on with by the next that looks", async () => {
  const { one, other, go, lines } = await openTwo();
  await other.engine.resume();
  await one.close();
  expect(await stateOf(other)).toBe("running");
  await go();
  await expect.poll(() => stateOf(other), { timeout: 20_000 }).toBe("succeeded");
  expect(lines()).toEqual(["wait", "wait", "note"]);
});
