import { appendFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { openTriggered, projectOf } from "./fixtures/open-triggered.ts";

const minute = 60_000;

async function watched(text: string | null = "a,b\n1,2\n") {
  const folder = await temporaryFolder();
  const file = join(folder, "rides.csv");
  if (text !== null) await writeFile(file, text);
  const opened = await openTriggered();
  await opened.set(projectOf("fresh: { data: { every: 1m } }", { folder }));
  await opened.look();
  return { ...opened, file };
}

test("a changed file fires when it was the same at two looks, a file that is still written does not", async () => {
  const { file, after, firings, settle } = await watched();
  await after(minute);
  await appendFile(file, "3,4\n");
  await after(minute);
  await appendFile(file, "5,6\n");
  await after(minute);
  expect(await firings()).toEqual([]);
  await after(minute);
  await settle();
  expect(await firings()).toMatchObject([{ cause: "data", state: "succeeded", why: "rides.csv changed: it has 16 bytes, and had 8", details: { file, size: 16 } }]);
  await after(minute);
  await after(minute);
  expect(await firings()).toHaveLength(1);
});

test("it is looked at as often as it says, and no oftener", async () => {
  const { file, after, firings } = await watched();
  await writeFile(file, "a,b\n7,8\n9,9\n");
  for (let second = 0; second < 59; second++) await after(1000);
  await after(1000);
  expect(await firings()).toEqual([]);
  await after(59_000);
  expect(await firings()).toEqual([]);
  await after(1000);
  expect(await firings()).toHaveLength(1);
});

test("another date, or another file of the same content, is no change; the old content come back is one", async () => {
  const { file, after, firings, settle } = await watched("a,b\n1,2\n");
  await after(minute);
  await utimes(file, 1, 1);
  await after(minute);
  await after(minute);
  expect(await firings()).toEqual([]);
  for (const text of ["a,b\n2,1\n", "a,b\n1,2\n"]) {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    await after(minute);
    await after(minute);
    await settle();
  }
  expect(await firings()).toHaveLength(2);
});

test("a file that changed before it was read at rest once fires", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "rides.csv"), "a,b\n1,2\n");
  const { set, after, look, firings } = await openTriggered();
  await set(projectOf("fresh: { data: { every: 1m } }", { folder }));
  await appendFile(join(folder, "rides.csv"), "3,4\n");
  await look();
  await after(minute);
  expect(await firings()).toHaveLength(1);
});

test("a file that is gone is said once, and fires when it has come back as another", async () => {
  const { file, after, firings, trigger } = await watched();
  await rm(file);
  await after(minute);
  const { problem } = (await trigger("bikes.fresh"))!;
  expect(problem).toMatchObject({ code: "pipelines.data_gone", message: `The file ${file} is not there` });
  await after(minute);
  expect((await trigger("bikes.fresh"))!.problem).toEqual(problem);
  await writeFile(file, "a,b\n1,2\n3,4\n");
  await after(minute);
  expect((await trigger("bikes.fresh"))!.problem).toBeNull();
  await after(minute);
  expect(await firings()).toHaveLength(1);
});

test("one that is not there when the trigger is set fires when it comes; a folder is refused at once", async () => {
  const { file, after, firings } = await watched(null);
  await writeFile(file, "a,b\n");
  await after(minute);
  await after(minute);
  expect(await firings()).toMatchObject([{ why: "rides.csv came: it has 4 bytes" }]);
  const { set } = await openTriggered();
  const project = projectOf("fresh: { data: {} }");
  await expect(set({ ...project, triggers: project.triggers!.map((one) => ({ ...one, on: { kind: "data", file: join(file, ".."), every: 1 } })) })).rejects.toMatchObject({ code: "pipelines.data_no_file" });
});

test("what changed while the trigger was paused fires when it is resumed", async () => {
  const { file, after, firings, house } = await watched();
  const { pauseTrigger, resumeTrigger } = await import("./change-triggers.ts");
  await pauseTrigger(house, "fresh", { actor: "ada", reason: "r" });
  await appendFile(file, "3,4\n");
  for (let looks = 0; looks < 3; looks++) await after(minute);
  expect(await firings()).toEqual([]);
  await resumeTrigger(house, "fresh", { actor: "ada", reason: "r" });
  await after(minute);
  await after(minute);
  expect(await firings()).toHaveLength(1);
});
