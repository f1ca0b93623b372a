import { expect, test } from "vitest";
import { createExperiment, setExperimentLifecycle } from "./experiments.ts";
import { openLedger } from "./fixtures/open-ledger.ts";
import { listExperiments, type ExperimentsQuestion } from "./list-experiments.ts";
import { createRun, setRunLifecycle } from "./runs.ts";

async function openExperiments() {
  const db = await openLedger();
  const ids = new Map<string, string>();
  for (const [at, name] of ["Bike demand", "bike_rental 100%", "trips", String.raw`back\slash`].entries()) ids.set(name, await createExperiment(db, { name, now: 10 + at }));
  const run = (id: string, experiment: string, startedAt: number) => createRun(db, { id, experimentId: ids.get(experiment)!, userId: "me", startedAt, tags: new Map() });
  await run("a", "trips", 1);
  await run("b", "bike_rental 100%", 2);
  await run("c", "trips", 3);
  await run("d", "Bike demand", 4);
  await setRunLifecycle(db, "d", "deleted", 50);
  return { db, ids };
}

const everything: ExperimentsQuestion = { lifecycle: "active", order: "name", offset: 0, limit: 50 };

test.each([
  ["all by name", {}, ["Bike demand", "Default", String.raw`back\slash`, "bike_rental 100%", "trips"]],
  ["words in any case and order", { words: "DEMAND bike" }, ["Bike demand"]],
  ["a percent sign and an underscore mean themselves", { words: "100% _" }, ["bike_rental 100%"]],
  ["so does a backslash", { words: "\\" }, [String.raw`back\slash`]],
  ["blanks alone find all", { words: "  ", limit: 1 }, ["Bike demand"]],
  ["a very name", { name: "trips" }, ["trips"]],
  ["a name in part is none", { name: "trip" }, []],
  ["the newest active run first, who has none last", { order: "newest_run" }, ["trips", "bike_rental 100%", "Bike demand", "Default", String.raw`back\slash`]],
  ["the last change first", { order: "changed", limit: 2 }, [String.raw`back\slash`, "trips"]],
  ["a page", { offset: 3, limit: 1 }, ["bike_rental 100%"]],
] as const)("%s", async (_, question, expected) => {
  const { db } = await openExperiments();
  const { experiments } = await listExperiments(db, { ...everything, ...question });
  expect(experiments.map(({ name }) => name)).toEqual(expected);
});

test("the total is that of all pages, runs are the active ones, and deleted experiments are apart", async () => {
  const { db, ids } = await openExperiments();
  const { experiments, total } = await listExperiments(db, { ...everything, words: "bike", limit: 1 });
  expect([total, experiments[0].name, experiments[0].runs]).toEqual([2, "Bike demand", 0]);
  expect((await listExperiments(db, { ...everything, name: "trips" })).experiments[0].runs).toBe(2);
  await setExperimentLifecycle(db, ids.get("trips")!, "deleted", 60);
  expect((await listExperiments(db, { ...everything, lifecycle: "deleted" })).experiments.map(({ name, runs }) => [name, runs])).toEqual([["trips", 0]]);
  expect((await listExperiments(db, everything)).total).toBe(4);
});
