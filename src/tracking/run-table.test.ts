import { expect, test } from "vitest";
import type { Database } from "../storage/database.ts";
import { listColumns } from "./columns.ts";
import { createExperiment } from "./experiments.ts";
import { openLedger } from "./fixtures/open-ledger.ts";
import { logMetrics, logParams } from "./log-batch.ts";
import { pageOfRuns, type RunsQuestion } from "./run-table.ts";
import { forgetViews } from "./run-views.ts";
import { createRun, setRunLifecycle } from "./runs.ts";
import { runsAsCsv } from "./runs-csv.ts";

/** A search with three trials below it (one with a trial of its own), and a run beside it; newest last. */
async function openSearch(): Promise<{ db: Database; experiment: string }> {
  const db = await openLedger();
  const experiment = await createExperiment(db, { name: "mill", now: 10 });
  const add = async (id: string, startedAt: number, parent: string | undefined, rmse: number | undefined, depth: string): Promise<void> => {
    await createRun(db, { id, experimentId: experiment, name: id, userId: "me", startedAt, tags: new Map(parent === undefined ? [] : [["mlflow.parentRunId", parent]]) });
    if (rmse !== undefined) await logMetrics(db, id, [{ key: "rmse", value: rmse, step: 0, time: 1 }]);
    await logParams(db, id, [["depth", depth], ["seed", "1"]]);
  };
  await add("search", 1, undefined, 5, "9");
  await add("a", 2, "search", 3, "3");
  await add("b", 3, "search", Number.NaN, "10");
  await add("c", 4, "search", 1, "5");
  await add("below", 5, "a", 2, "5");
  await add("alone", 6, undefined, undefined, "=1+1");
  await add("orphan", 7, "gone", 7, "1");
  return { db, experiment };
}

const ask = async ({ db, experiment }: { db: Database; experiment: string }, question: Partial<RunsQuestion>, offset = 0, limit = 100) =>
  pageOfRuns(db, { experimentIds: [experiment], lifecycle: "active", level: "all", ...question }, { columns: ["metrics.rmse", "params.depth"], offset, limit }, 1);

test.each([
  ["newest first", {}, ["orphan", "alone", "below", "c", "b", "a", "search"]],
  ["at the top: who has no parent here", { level: "top" }, ["orphan", "alone", "search"]],
  ["the children of one", { level: "search" }, ["c", "b", "a"]],
  ["by a metric, what has none last", { sort: { column: "metrics.rmse", descending: false } }, ["c", "below", "a", "search", "orphan", "b", "alone"]],
  ["by a metric, the greatest first", { sort: { column: "metrics.rmse", descending: true } }, ["orphan", "search", "a", "below", "c", "b", "alone"]],
  ["by a param, ties newest first", { sort: { column: "params.seed", descending: false } }, ["orphan", "alone", "below", "c", "b", "a", "search"]],
  ["by name", { sort: { column: "attributes.run_name", descending: false } }, ["a", "alone", "b", "below", "c", "orphan", "search"]],
  ["filtered", { filter: "metrics.rmse < 4 and params.depth = '5'" }, ["below", "c"]],
  ["children, filtered", { level: "search", filter: "metrics.rmse < 2" }, ["c"]],
] as const)("%s", async (_, question, expected) => {
  const house = await openSearch();
  const { total, runs } = await ask(house, question);
  expect([runs.map(({ id }) => id), total]).toEqual([expected, expected.length]);
  const second = await ask(house, question, 1, 2);
  expect([second.runs.map(({ id }) => id), second.total]).toEqual([expected.slice(1, 3), expected.length]);
});

test("a row has the columns asked for, tells NaN as text, and counts its children", async () => {
  const { runs } = await ask(await openSearch(), { filter: "run_name in ('b', 'search')" });
  expect(runs.map(({ name, children, values }) => [name, children, values])).toEqual([
    ["b", 0, { "metrics.rmse": "NaN", "params.depth": "10" }],
    ["search", 3, { "metrics.rmse": 5, "params.depth": "9" }],
  ]);
});

test("what is deleted has a view of its own; its children come to the top", async () => {
  const house = await openSearch();
  await setRunLifecycle(house.db, "search", "deleted", 9);
  forgetViews(house.db);
  expect((await ask(house, { level: "top" })).runs.map(({ id }) => id)).toEqual(["orphan", "alone", "c", "b", "a"]);
  expect((await ask(house, { lifecycle: "deleted" })).runs.map(({ id }) => id)).toEqual(["search"]);
});

test.each([["metrics.rmse >", /ends too early|Invalid clause/], ["nothing.x = 1", /Invalid entity type/]])("the filter %s is refused with a reason", async (filter, reason) => expect(ask(await openSearch(), { filter })).rejects.toThrow(reason));

test("columns: what the runs have, and where they differ", async () => {
  const { db, experiment } = await openSearch();
  expect(await listColumns(db, [experiment], "active")).toMatchObject({ runs: 7, metrics: [{ key: "rmse", varies: true }], params: [{ key: "depth", varies: true }, { key: "seed", varies: false }] });
});

test("CSV has all that is found; a spreadsheet takes no text for a formula", async () => {
  const { db, experiment } = await openSearch();
  const stream = await runsAsCsv(db, { experimentIds: [experiment], lifecycle: "active", level: "all", filter: "run_name in ('alone', 'c')" }, ["params.depth", "metrics.rmse"]);
  const text = Buffer.concat((await stream.toArray()).map((part) => Buffer.from(part as string))).toString();
  expect(text.split("\r\n")).toEqual(["run_id,name,status,started,ended,user,params.depth,metrics.rmse", "alone,alone,running,1970-01-01T00:00:00.006Z,,me,'=1+1,", "c,c,running,1970-01-01T00:00:00.004Z,,me,5,1", ""]);
});
