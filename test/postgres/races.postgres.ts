import { expect, onTestFinished, test } from "vitest";
import { moveAlias, resolveAlias } from "../../src/registry/aliases.ts";
import { registerVersion, type NewTrainedVersion } from "../../src/registry/registry.ts";
import { registryTables } from "../../src/registry/store.ts";
import { stages } from "../../src/stages.ts";
import { appendAudit, auditMigrations, readAudit, verifyAudit, type AuditTables } from "../../src/storage/audit.ts";
import type { Database } from "../../src/storage/database.ts";
import { artifactStoreMigration } from "../../src/storage/claim-artifacts.ts";
import { openTestDatabase } from "../../src/storage/fixtures/open-test-database.ts";
import { writeTogether } from "../../src/storage/group-commit.ts";
import { holdsOf } from "../../src/storage/holds.ts";
import { migrate } from "../../src/storage/migrations.ts";
import { lock, transact } from "../../src/storage/transactions.ts";
import { createExperiment, ensureDefaultExperiment, readExperiments, setExperimentLifecycle } from "../../src/tracking/experiments.ts";
import { storeFile } from "../../src/tracking/files.ts";
import { metricHistory } from "../../src/tracking/history.ts";
import { logMetrics, logParams } from "../../src/tracking/log-batch.ts";
import { readRunDetails } from "../../src/tracking/run-details.ts";
import { createRun } from "../../src/tracking/runs.ts";
import { trackingTables } from "../../src/tracking/store.ts";
import { sealSlice } from "../../src/tracking/sums/seal.ts";
import { isBefore } from "../../src/tracking/sums/sum.ts";
import { recordRun } from "../../src/tracking/tracking.ts";
import { writeDeployment, readDeployments } from "../../src/serving/store.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** One database as two servers have it open, migrated by both at once. */
async function openTwice(): Promise<[Database, Database]> {
  const file = await temporaryFolder();
  const both: [Database, Database] = [await openTestDatabase(file), await openTestDatabase(file)];
  onTestFinished(async () => {
    for (const db of both) await db.destroy();
  });
  const rooms = [{ name: "storage", migrations: [...auditMigrations, artifactStoreMigration] }, ...stages];
  const applied = await Promise.all(both.map((db) => migrate(db, rooms, 1)));
  // Each migration by one of them.
  expect(applied.flat().length).toBe(new Set(applied.flat()).size);
  expect(applied.flat().length).toBe(rooms.flatMap((room) => room.migrations ?? []).length);
  await Promise.all(both.map((db) => ensureDefaultExperiment(db, 1)));
  return both;
}

/** Numbers from 0, and one of the two databases for each, in turn. */
const inTurns = <T>(both: readonly Database[], count: number, work: (db: Database, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(both[index % 2], index)));

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test("experiments get their numbers once, and a name is given once", async () => {
  const both = await openTwice();
  const ids = await inTurns(both, 40, (db, index) => writeTogether(db, (transaction) => createExperiment(transaction, { name: `e${index}`, now: index })));
  expect(ids.map(Number).toSorted((a, b) => a - b)).toEqual(upTo(40));
  const same = await Promise.allSettled(both.map((db) => writeTogether(db, (transaction) => createExperiment(transaction, { name: "same", now: 1 }))));
  expect(same.map((one) => one.status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(same.find((one) => one.status === "rejected")).toMatchObject({ reason: { code: "tracking.experiment_exists" } });
});

test("runs that are recorded in a new experiment at once share it", async () => {
  const both = await openTwice();
  const run = { experiment: "new", name: "r", status: "finished", startedAt: 1, endedAt: 2, params: { a: "1" }, tags: {}, metrics: [{ key: "m", value: 1, step: 0, time: 0 }], artifacts: [], lineage: [] } as const;
  await inTurns(both, 10, (db, index) => recordRun(db, { ...run, id: `r${index}` }));
  for (let index = 0; index < 10; index++) expect((await readRunDetails(both[0], `r${index}`)).experimentId).toBe("1");
});

test("no run begins in an experiment while it is deleted", async () => {
  const both = await openTwice();
  for (let round = 0; round < 10; round++) {
    const id = await createExperiment(both[0], { name: `e${round}`, now: 1 });
    await Promise.allSettled([
      writeTogether(both[0], (transaction) => createRun(transaction, { id: `r${round}`, experimentId: id, userId: "me", startedAt: 1, tags: new Map() })),
      writeTogether(both[1], (transaction) => setExperimentLifecycle(transaction, id, "deleted", 5)),
    ]);
    const begun = await readRunDetails(both[0], `r${round}`).catch(() => undefined);
    expect([undefined, "deleted"]).toContain(begun?.lifecycle);
    expect((await readExperiments(both[1], [id]))[0].lifecycle).toBe("deleted");
  }
});

test("a name that two store at once, as a file and as a folder, is one of them", async () => {
  const both = await openTwice();
  for (let round = 0; round < 10; round++) {
    const paths = [`a${round}`, `a${round}/b`];
    const answers = await inTurns(both, 2, (db, index) => writeTogether(db, (transaction) => storeFile(transaction, "r", paths[index], { sha256: "00", size: 1 })).then(() => undefined, (error: unknown) => error));
    expect(answers.filter((one) => one !== undefined)).toMatchObject([{ code: "tracking.artifact_name_taken" }]);
  }
});

test("a parameter that two set at once has one value, and the other is told", async () => {
  const both = await openTwice();
  await createRun(both[0], { id: "r1", experimentId: "0", userId: "me", startedAt: 1, tags: new Map() });
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.allSettled(both.map((db, index) => writeTogether(db, (transaction) => logParams(transaction, "r1", [[`p${round}`, `${index}`]]))));
    expect(answers.filter((answer) => answer.status === "rejected")).toMatchObject([{ reason: { code: "tracking.param_changed" } }]);
  }
});

test("metrics that both log to one run are all there, each key's latest right", async () => {
  const both = await openTwice();
  await createRun(both[0], { id: "r1", experimentId: "0", userId: "me", startedAt: 1, tags: new Map() });
  const keys = ["a", "b", "c", "d"];
  // In two orders, so that they wait for each other crosswise.
  await inTurns(both, 40, (db, step) =>
    writeTogether(db, (transaction) => logMetrics(transaction, "r1", (step % 2 === 0 ? keys : keys.toReversed()).map((key) => ({ key, value: step, step, time: step })))),
  );
  for (const key of keys) expect((await metricHistory(both[0], "r1", key)).map((point) => point.step)).toEqual(upTo(40).map((step) => step - 1));
  expect((await readRunDetails(both[1], "r1")).metrics.map((metric) => metric.value)).toEqual([39, 39, 39, 39]);
});

test("versions count up without a gap or a double, one for a pipeline run; the audit chain holds", async () => {
  const both = await openTwice();
  const version = (run: number): NewTrainedVersion => ({
    model: "bikes",
    createdAt: run,
    createdBy: "ada",
    runId: `r${run}`,
    pipelineRunId: `p${run}`,
    datasetVersion: "d",
    artifact: { sha256: "a".repeat(64), size: 1 },
    trigger: "manual",
  }) as unknown as NewTrainedVersion;
  const versions = await inTurns(both, 20, (db, index) => registerVersion(db, version(index)));
  expect(versions.map((one) => one.version).toSorted((a, b) => a - b)).toEqual(upTo(20));
  const again = await Promise.all([...both, ...both].map((db) => registerVersion(db, version(100))));
  expect(new Set(again.map((one) => one.version))).toEqual(new Set([21]));
  await inTurns(both, 20, (db, index) => transact(db, (transaction) => moveAlias(transaction, { model: "bikes", alias: "champion", version: index + 1, time: index, actor: "ada", reason: "race" })));
  const last = (await readAudit(both[0], { object: "model/bikes", limit: 1 }))[0];
  expect(last.details["to"]).toBe((await resolveAlias(both[1], "bikes", "champion"))?.version);
  const moves = (await readAudit(both[0], { limit: 500 })).filter((entry) => entry.action === "registry.alias_moved").toReversed();
  // Each move began where the one before ended.
  expect(moves.map((entry) => entry.details["from"])).toEqual([null, ...moves.slice(0, -1).map((entry) => entry.details["to"])]);
  expect(await verifyAudit(both[0].withTables<AuditTables>())).toBeUndefined();
  expect(await registryTables(both[0]).selectFrom("model_versions").select("version").execute()).toHaveLength(21);
});

test("audit entries of both stand in one chain", async () => {
  const both = await openTwice();
  await inTurns(both, 60, (db, time) => transact(db, (transaction) => appendAudit(transaction, { time, actor: "ada", action: "test", object: "x", reason: "", details: {} })));
  expect((await readAudit(both[0], { limit: 100 })).map((entry) => entry.seq).toReversed()).toEqual(upTo(60));
  expect(await verifyAudit(both[1].withTables<AuditTables>())).toBeUndefined();
});

test("deployments that both change are whole, and every change has its revision", async () => {
  const both = await openTwice();
  await inTurns(both, 20, (db, index) =>
    transact(db, (transaction) => writeDeployment(transaction, { endpoint: "bikes", salt: `s${index}`, time: index, actor: "ada", reason: "", variants: [{ name: "champion", version: index, weight: 1, shadow: false }, { name: `other${index}`, version: index, weight: 0, shadow: true }] })),
  );
  const { revision, deployments } = await readDeployments(both[0]);
  expect(revision).toBe(20);
  const [{ salt, variants }] = deployments;
  expect(variants.map((variant) => `s${variant.version}`)).toEqual([salt, salt]);
});

test("settings that two servers change at once are both kept", async () => {
  const both = await openTwice();
  const change = { endpoint: "bikes", salt: "s", time: 1, actor: "ada", reason: "" };
  await writeTogether(both[0], (transaction) => writeDeployment(transaction, { ...change, variants: [{ name: "champion", version: 1, weight: 1, shadow: false }] }));
  const changes = [{ pinned: true }, { log: { share: 0.5 } }, { batching: { maxRows: 8 } }];
  await Promise.all(changes.map((settings, index) => transact(both[index % 2], (transaction) => writeDeployment(transaction, { ...change, settings }))));
  expect((await readDeployments(both[0])).deployments[0]).toMatchObject({ settings: { pinned: true, log: { share: 0.5 }, batching: { maxRows: 8 } }, variants: [{ version: 1 }] });
});

test("transactions that wait for each other crosswise are both done, a group of writes whole", async () => {
  const both = await openTwice();
  const meet = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen: number[] = [];
  await Promise.all(
    both.map((db, index) =>
      writeTogether(db, async (transaction) => {
        seen.push(index);
        await lock(transaction, `test.${index}`);
        meet[index].resolve();
        await meet[1 - index].promise;
        await lock(transaction, `test.${1 - index}`);
        await createExperiment(transaction, { name: `e${index}`, now: 1 });
      }),
    ),
  );
  expect((await readExperiments(both[0], ["1", "2"])).map((one) => one.name).toSorted()).toEqual(["e0", "e1"]);
  expect(seen.length).toBe(3);
});

test("a name is held by one server until it gives it back or is gone", async () => {
  const [one, other] = await openTwice();
  expect([await holdsOf(one).take("a"), await holdsOf(other).take("a"), await holdsOf(other).take("b")]).toEqual([true, false, true]);
  await Promise.all([holdsOf(one).take("a"), holdsOf(one).take("a")]);
  await holdsOf(one).give("a");
  expect(await holdsOf(other).take("a")).toBe(true);
  expect(await holdsOf(one).take("b")).toBe(false);
  await other.destroy();
  await expect.poll(() => holdsOf(one).take("b")).toBe(true);
});

test("sums that one server makes of a history while the other writes into it, at its end and before, tell what its points tell", async () => {
  const both = await openTwice();
  const experimentId = await createExperiment(both[0], { name: "sums", now: 1 });
  await createRun(both[0], { id: "summed", experimentId, name: "summed", userId: "me", startedAt: 1, tags: new Map() });
  const log = (db: Database, from: number, count: number, time: number) => writeTogether(db, (transaction) => logMetrics(transaction, "summed", Array.from({ length: count }, (_, at) => ({ key: "loss", value: (from + at) % 101, step: from + at, time }))));
  await log(both[0], 0, 6000, 0);
  const { id } = await trackingTables(both[0]).selectFrom("metric_series").select("id").where("run_id", "=", "summed").executeTakeFirstOrThrow();
  let over = false;
  const sealing = (async () => {
    while (!over) await transact(both[1], (transaction) => sealSlice(transaction, id));
  })();
  for (let turn = 1; turn <= 40; turn++) await Promise.all([log(both[0], 6000 + turn * 300, 300, 0), log(both[0], (turn * 733) % 6000, 20, turn)]);
  over = true;
  await sealing;
  const sums = await trackingTables(both[0]).selectFrom("metric_sums").selectAll().where("series_id", "=", id).where("stale", "=", 0).execute();
  expect(sums.length).toBeGreaterThan(50);
  const points = await metricHistory(both[0], "summed", "loss");
  for (const sum of sums) {
    const own = points.filter(({ step, time }) => !isBefore([step, time], [sum.from_step, sum.from_time]) && isBefore([step, time], [sum.until_step, sum.until_time]));
    expect([sum.points, sum.low, sum.high, sum.total]).toEqual([own.length, Math.min(...own.map(({ value }) => value)), Math.max(...own.map(({ value }) => value)), own.reduce((total, { value }) => total + value, 0)]);
  }
});
