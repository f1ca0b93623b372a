import { expect, test } from "vitest";
import { createExperiment, deleteExperimentTag, findExperiment, readExperiment, renameExperiment, setExperimentLifecycle, setExperimentTag } from "./experiments.ts";
import { openLedger, openRun } from "./fixtures/open-ledger.ts";
import { readRunDetails } from "./run-details.ts";
import { createRun, setRunLifecycle } from "./runs.ts";

test("ids are numbers as text, the default experiment is 0", async () => {
  const db = await openLedger();
  expect((await readExperiment(db, "0")).name).toBe("Default");
  for (let number = 1; number <= 11; number++) expect(await createExperiment(db, { name: `e${number}`, now: number })).toBe(String(number));
  expect(await findExperiment(db, "e11")).toEqual({
    id: "11",
    name: "e11",
    artifactLocation: "mlflow-artifacts:/11",
    lifecycle: "active",
    createdAt: 11,
    updatedAt: 11,
    tags: {},
  });
});

test("a name is taken, even by one that is deleted", async () => {
  const { db, experimentId } = await openRun();
  await expect(createExperiment(db, { name: "mill", now: 2 })).rejects.toMatchObject({ code: "tracking.experiment_exists", status: 409 });
  await setExperimentLifecycle(db, experimentId, "deleted", 20);
  await expect(createExperiment(db, { name: "mill", now: 2 })).rejects.toThrow(/in deleted state/);
  const other = await createExperiment(db, { name: "other", now: 2 });
  await expect(renameExperiment(db, other, "mill", 3)).rejects.toMatchObject({ code: "tracking.experiment_exists" });
});

test("its runs are deleted and restored with it, but not one that was deleted by itself", async () => {
  const { db, experimentId } = await openRun();
  await createRun(db, { id: "r2", experimentId, userId: "me", startedAt: 100, tags: new Map() });
  await setRunLifecycle(db, "r2", "deleted", 15);
  await setExperimentLifecycle(db, experimentId, "deleted", 20);
  expect((await readRunDetails(db, "r1")).lifecycle).toBe("deleted");
  await expect(createRun(db, { id: "r3", experimentId, userId: "me", startedAt: 100, tags: new Map() })).rejects.toMatchObject({ code: "tracking.not_active" });
  await setExperimentLifecycle(db, experimentId, "active", 30);
  expect((await readRunDetails(db, "r1")).lifecycle).toBe("active");
  expect((await readRunDetails(db, "r2")).lifecycle).toBe("deleted");
});

test.each(["deleted", "active"] as const)("what is %s already cannot be made so", async (lifecycle) => {
  const { db, experimentId } = await openRun();
  if (lifecycle === "deleted") await setExperimentLifecycle(db, experimentId, "deleted", 20);
  await expect(setExperimentLifecycle(db, experimentId, lifecycle, 30)).rejects.toMatchObject({ status: 404 });
});

test("tags are set, set anew and deleted, and that is an update", async () => {
  const { db, experimentId } = await openRun();
  await setExperimentTag(db, experimentId, "a", "1", 20);
  await setExperimentTag(db, experimentId, "a", "2", 21);
  expect(await readExperiment(db, experimentId)).toMatchObject({ tags: { a: "2" }, updatedAt: 21 });
  await deleteExperimentTag(db, experimentId, "a", 22);
  await expect(deleteExperimentTag(db, experimentId, "a", 23)).rejects.toMatchObject({ code: "tracking.tag_not_found" });
  expect((await readExperiment(db, experimentId)).tags).toEqual({});
});

test("what is not there is not found", async () => {
  const db = await openLedger();
  await expect(readExperiment(db, "7")).rejects.toThrow("No Experiment with id=7 exists");
  expect(await findExperiment(db, "nothing")).toBeUndefined();
});
