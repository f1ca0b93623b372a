import { execFileSync } from "node:child_process";
import { chmod, cp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../../test/open-protocol.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { makeSqlite, sqliteModel, sqliteRun } from "./fixtures/make-sqlite.ts";
import { importMlflow } from "./import-mlflow.ts";
import { openMlflowSource } from "./open-source.ts";
import { isWhole, reportText, type ImportReport } from "./report.ts";
import { openTarget, type ImportTarget } from "./target.ts";

const fixture = join(import.meta.dirname, "fixtures", "mlruns");
const wind = "958193241164143107";
const outer = "12345678e01234567890123456789012";
const linear = "m-0123456789abcdef0123456789abcdef";

interface Listening extends Protocol {
  readonly url: string;
  readonly target: ImportTarget;
}

/** A Millrace that listens, to import into or from. */
async function openListening(): Promise<Listening> {
  const protocol = await openProtocol();
  const url = await protocol.server.listen({ host: "127.0.0.1", port: 0 });
  return { ...protocol, url, target: openTarget(url, new AbortController().signal) };
}

async function importFrom(from: string, { target }: { readonly target: ImportTarget }, options: { readonly only?: readonly string[]; readonly dryRun?: boolean } = {}): Promise<ImportReport> {
  const source = openMlflowSource(from, undefined, {});
  try {
    return await importMlflow(source, target, { only: options.only ?? [], dryRun: options.dryRun ?? false, progress: () => undefined });
  } finally {
    await source.close();
  }
}

const historyOf = async ({ get }: Protocol, run: string, key: string) => (await get(`metrics/get-history?run_id=${run}&metric_key=${key}`)).body.metrics.map((point: Record<string, unknown>) => [point["step"], point["timestamp"], point["value"]]);

test("a folder of the file store that lies at another place now: everything comes, with ids, times and files", async () => {
  const house = await openListening();
  const report = await importFrom(fixture, house);
  expect(report.leftOut).toEqual([]);
  expect(isWhole(report), reportText(report)).toBe(true);
  expect(report.carried).toMatchObject({ experiments: 2, runs: 3, points: 6, params: 2, tags: 3, datasets: 1, loggedModels: 1, artifacts: 3, registeredModels: 1, versions: 3, aliases: 1 });
  expect(report.merged).toEqual(["Default"]);
  const { get } = house;
  expect((await get(`experiments/get?experiment_id=${wind}`)).body.experiment).toEqual({
    experiment_id: wind, name: "wind", artifact_location: `mlflow-artifacts:/${wind}`, lifecycle_stage: "active", creation_time: 10, last_update_time: 20, tags: [{ key: "team", value: "mill" }],
  });
  const { run } = (await get(`runs/get?run_id=${outer}`)).body;
  expect(run.info).toEqual({ run_id: outer, run_uuid: outer, run_name: "outer", experiment_id: wind, user_id: "miller", status: "FINISHED", start_time: 1000, end_time: 2000, artifact_uri: `mlflow-artifacts:/${wind}/${outer}/artifacts`, lifecycle_stage: "active" });
  expect(run.data.params).toEqual([{ key: "deep/er", value: "ja\nnein" }, { key: "depth", value: "3" }]);
  expect(run.inputs.dataset_inputs).toEqual([{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset: { name: "rows", digest: "abc", source_type: "code", source: "{}", schema: "{}" } }]);
  expect(run.outputs.model_outputs).toEqual([{ model_id: linear, step: 2 }]);
  expect(await historyOf(house, outer, "loss")).toEqual([[0, 1, 0.5], [1, 2, 0.25]]);
  expect(await historyOf(house, outer, "odd/nan")).toEqual([[0, 5, "NaN"]]);
  expect(await historyOf(house, outer, "up")).toEqual([[0, 5, "Infinity"], [1, 6, "-Infinity"]]);
  expect(await historyOf(house, outer, "old")).toEqual([[0, 7, 0.00001]]);
  const file = await house.server.inject(`/get-artifact?run_id=${outer}&path=deep/two%20words.txt`);
  expect(file.body).toBe("water");
  const model = (await get(`logged-models/${linear}`)).body.model;
  expect(model.info).toMatchObject({ name: "linear", status: "LOGGED_MODEL_READY", creation_timestamp_ms: 1100, artifact_uri: `mlflow-artifacts:/${wind}/models/${linear}/artifacts` });
  expect(model.data.metrics).toEqual([{ key: "rmse", value: 0.25, timestamp: 9, step: 0, run_id: outer, dataset_name: "rows", dataset_digest: "abc", model_id: linear }]);
});

test("registered models keep numbers, stages, aliases and times, and their files are found where they are now", async () => {
  const house = await openListening();
  const { get, post } = house;
  await importFrom(fixture, house);
  const { registered_model: model } = (await get("registered-models/get?name=mill")).body;
  expect(model).toMatchObject({ description: "turns", creation_timestamp: 3000, last_updated_timestamp: 4000, tags: [{ key: "owner", value: "miller" }], aliases: [{ alias: "champion", version: "1" }] });
  const uriOf = async (version: number) => (await get(`model-versions/get-download-uri?name=mill&version=${version}`)).body.artifact_uri;
  expect([await uriOf(1), await uriOf(2), await uriOf(3)]).toEqual([`mlflow-artifacts:/${wind}/models/${linear}/artifacts`, `mlflow-artifacts:/${wind}/${outer}/artifacts/deep`, "s3://bucket/model"]);
  const first = (await get("model-versions/get?name=mill&version=1")).body.model_version;
  expect(first).toMatchObject({ current_stage: "Production", source: `models:/${linear}`, model_id: linear, run_id: outer, creation_timestamp: 3100, last_updated_timestamp: 3150, tags: [{ key: "checked", value: "yes" }] });
  expect((await get("model-versions/get?name=mill&version=4")).status).toBe(404);
  // Its number was given once.
  expect((await post("model-versions/create", { name: "mill", source: "s3://bucket/next" })).body.model_version.version).toBe("5");
});

test("a deleted experiment comes deleted, and brings its runs back when it is restored", async () => {
  const house = await openListening();
  await importFrom(fixture, house);
  const { experiment } = (await house.get("experiments/get-by-name?experiment_name=gone")).body;
  expect(experiment).toMatchObject({ experiment_id: "661241359613293203", lifecycle_stage: "deleted", last_update_time: 77 });
  await house.post("experiments/restore", { experiment_id: experiment.experiment_id });
  expect((await house.get(`runs/get?run_id=${"b".repeat(32)}`)).body.run.info).toMatchObject({ lifecycle_stage: "active", status: "FAILED" });
  // The long numbers of file stores are not counted on from.
  expect((await house.post("experiments/create", { name: "next" })).body.experiment_id).toBe("1");
});

test("done again it carries nothing; what has changed on either side is told and left; --only and --dry-run", async () => {
  const house = await openListening();
  expect(await importFrom(fixture, house, { dryRun: true })).toMatchObject({ dryRun: true, carried: { experiments: 2, runs: 3, loggedModels: 1, versions: 3 }, checked: [] });
  expect((await house.get(`runs/get?run_id=${outer}`)).status).toBe(404);
  expect((await importFrom(fixture, house, { only: ["Default", "none"] })).carried).toMatchObject({ runs: 1, registeredModels: 0 });
  expect((await importFrom(fixture, house)).carried).toMatchObject({ runs: 2, registeredModels: 1 });
  const again = await importFrom(fixture, house);
  expect(again.carried).toMatchObject({ experiments: 0, runs: 0, points: 0, loggedModels: 0, artifacts: 0, versions: 0 });
  expect(again.skipped).toMatchObject({ runs: 3, loggedModels: 1, artifacts: 3, versions: 3 });
  expect(isWhole(again)).toBe(true);
  await house.post("runs/log-metric", { run_id: outer, key: "loss", value: 0.1, timestamp: 9, step: 9 });
  const changed = await importFrom(fixture, house);
  expect(changed.leftOut).toEqual([{ what: `run ${outer} (outer)`, why: "a run of this id is here with other content, and stays as it is" }]);
  expect((await historyOf(house, outer, "loss")).length).toBe(3);
});

test("artifacts that did not come the first time come the next", async () => {
  const folder = join(await temporaryFolder(), "mlruns");
  await cp(fixture, folder, { recursive: true });
  const house = await openListening();
  await importFrom(folder, house);
  await writeFile(join(folder, wind, outer, "artifacts", "late.txt"), "late");
  const report = await importFrom(folder, house);
  expect(report).toMatchObject({ carried: { runs: 0, artifacts: 3 }, leftOut: [] });
  expect(isWhole(report), reportText(report)).toBe(true);
  expect((await house.server.inject(`/get-artifact?run_id=${outer}&path=late.txt`)).body).toBe("late");
});

test("a SQLite file of MLflow 3, and one of its first versions", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "kept", sqliteRun, "artifacts", "model"), { recursive: true });
  await writeFile(join(folder, "kept", sqliteRun, "artifacts", "model", "MLmodel"), "flavors: {}");
  makeSqlite(join(folder, "new.db"), "new", `file://${join(folder, "kept")}`);
  makeSqlite(join(folder, "old.db"), "old", join(folder, "kept"));
  const house = await openListening();
  const report = await importFrom(`sqlite:///${join(folder, "new.db")}`, house);
  expect(report.leftOut).toEqual([]);
  expect(report.carried).toMatchObject({ experiments: 1, runs: 1, points: 3, datasets: 1, loggedModels: 1, artifacts: 1, versions: 1, aliases: 1 });
  expect(report.notes).toContain("Not carried: 1 traces");
  expect(report.notes.some((note) => note.startsWith("Artifacts of 1 run or model stay where they are (s3://bucket/m)"))).toBe(true);
  expect(await historyOf(house, sqliteRun, "loss")).toEqual([[0, 1, 0.5], [1, 2, "NaN"], [2, 3, "Infinity"]]);
  expect((await house.get(`runs/get?run_id=${sqliteRun}`)).body.run.outputs.model_outputs).toEqual([{ model_id: sqliteModel, step: 4 }]);
  expect((await house.get("model-versions/get?name=wheel&version=2")).body.model_version).toMatchObject({ current_stage: "Staging", source: `mlflow-artifacts:/7/${sqliteRun}/artifacts/model`, aliases: ["champion"], user_id: "me", description: "second" });

  const other = await openListening();
  expect((await importFrom(join(folder, "old.db"), other)).carried).toMatchObject({ experiments: 1, runs: 1, points: 2, params: 1, artifacts: 1 });
  expect(await historyOf(other, sqliteRun, "loss")).toEqual([[0, 1, 0.5], [0, 2, 0.25]]);
});

test("a live server: another Millrace gives what it has, page by page", async () => {
  const from = await openListening();
  await importFrom(fixture, from);
  const to = await openListening();
  const report = await importFrom(from.url, to);
  expect(isWhole(report), reportText(report)).toBe(true);
  expect(report.carried).toMatchObject({ experiments: 2, runs: 3, points: 6, loggedModels: 1, artifacts: 3, registeredModels: 1, versions: 3, aliases: 1 });
  for (const path of [`runs/get?run_id=${outer}`, `logged-models/${linear}`, "registered-models/get?name=mill"]) expect(await to.get(path)).toEqual(await from.get(path));
});

test("an id that is taken gets another number; the experiment of the same name is merged into", async () => {
  const folder = await temporaryFolder();
  makeSqlite(join(folder, "mlflow.db"), "new", join(folder, "kept"));
  const house = await openListening();
  for (let n = 1; n <= 7; n++) await house.post("experiments/create", { name: `e${n}` });
  const report = await importFrom(join(folder, "mlflow.db"), house);
  expect(report.renumbered).toEqual({ 7: "8" });
  expect((await house.get(`runs/get?run_id=${sqliteRun}`)).body.run.info).toMatchObject({ experiment_id: "8", artifact_uri: `mlflow-artifacts:/8/${sqliteRun}/artifacts` });
  expect((await importFrom(join(folder, "mlflow.db"), house)).merged).toEqual(["Default", "sql"]);
});

test("a run of many points comes in parts, hidden until its last; one that was left half is begun anew", async () => {
  const house = await openListening();
  const id = "e".repeat(32);
  const run = { id, experimentId: "0", name: "long", status: "running", startedAt: 1, endedAt: null, lifecycle: "active", deletedAt: null, userId: "", artifactUri: "x", params: [], tags: [], datasets: [], inputModels: [], outputModels: [] } as const;
  const points = (from: number, count: number) => ({ key: "m", steps: Array.from({ length: count }, (_, at) => from + at), times: Array.from({ length: count }, () => 1), values: Array.from({ length: count }, (_, at) => from + at) });
  async function* half() {
    yield points(500_000, 100_000);
    yield points(600_000, 1);
    throw new Error("killed");
  }
  await expect(house.target.writeRun(run, half())).rejects.toThrow("killed");
  expect((await house.get(`runs/get?run_id=${id}`)).body.run.info.lifecycle_stage).toBe("deleted");
  expect([...(await house.target.presence("runs", [{ id, digest: "" }])).values()]).toEqual(["begun"]);
  async function* whole() {
    yield points(0, 250_000);
  }
  expect(await house.target.writeRun(run, whole())).toEqual({ points: 250_000 });
  const { info, data } = (await house.get(`runs/get?run_id=${id}`)).body.run;
  expect(info.lifecycle_stage).toBe("active");
  expect(data.tags).toBeUndefined();
  expect(data.metrics).toEqual([{ key: "m", value: 249_999, timestamp: 1, step: 249_999 }]);
});

test.each([
  ["/nowhere/mlruns", "There is no file or folder /nowhere/mlruns"],
  ["postgresql://me:secret@host/db", "--from postgresql://host/db is of a kind that is not read directly"],
  [import.meta.dirname, "is no folder of MLflow's file store"],
  ["http://127.0.0.1:9", "The MLflow server at http://127.0.0.1:9 does not answer"],
])("a source that is none is refused with what would be right: %s", { timeout: 30_000 }, async (from, sentence) => {
  const house = await openListening();
  await expect(importFrom(from, house)).rejects.toThrow(sentence);
});

test("names that the registry does not take, and metrics that are none, are left out and told", async () => {
  const folder = join(await temporaryFolder(), "mlruns");
  await cp(fixture, folder, { recursive: true });
  await writeFile(join(folder, wind, outer, "metrics", "loss"), "1 0.5 0\nhalf a li\n");
  await mkdir(join(folder, "models", "bad"));
  await writeFile(join(folder, "models", "bad", "meta.yaml"), "name: a/b\ncreation_timestamp: 1\nlast_updated_timestamp: 1\n");
  const house = await openListening();
  const report = await importFrom(folder, house);
  expect(report.leftOut.map(({ what }) => what)).toEqual([`run ${outer}`, "registered model a/b"]);
  expect(report.carried).toMatchObject({ runs: 2 });
});

test("links that lead nowhere or back, and files that the system does not give, are named and counted, and the rest comes", async () => {
  const folder = join(await temporaryFolder(), "mlruns");
  await cp(fixture, folder, { recursive: true });
  const artifacts = join(folder, wind, outer, "artifacts");
  const before = [`artifact broken of run ${outer}`, `artifact deep/up of run ${outer}`, `artifact loop of run ${outer}`, `artifact memory of run ${outer}`, `artifact pipe of run ${outer}`];
  await symlink("/nowhere/at/all", join(artifacts, "broken"));
  await symlink("loop", join(artifacts, "loop"));
  await symlink("..", join(artifacts, "deep", "up"));
  // Opens, and fails with EIO when it is read.
  await symlink("/proc/self/mem", join(artifacts, "memory"));
  execFileSync("mkfifo", [join(artifacts, "pipe")]);
  // Root may read everything.
  if (process.getuid!() !== 0) {
    await writeFile(join(artifacts, "secret"), "");
    await chmod(join(artifacts, "secret"), 0);
    before.push(`artifact secret of run ${outer}`);
  }
  const house = await openListening();
  const report = await importFrom(folder, house);
  expect(report.leftOut.map(({ what }) => what)).toEqual(before);
  expect(report.leftOut.map(({ why }) => why).slice(0, 5)).toEqual([expect.stringMatching(/^it is a link that leads nowhere \(\S+broken\)$/), expect.stringMatching(/^it is a link to \S+artifacts, which holds it$/), expect.stringMatching(/ELOOP/), expect.stringMatching(/EIO|read error|i\/o error/i), "it is neither a file nor a folder"]);
  expect(report.carried).toMatchObject({ experiments: 2, runs: 3, artifacts: 3 });
  expect(isWhole(report)).toBe(false);
  // What came is not sent again, and what is left is told again.
  const again = await importFrom(folder, house);
  expect(again.leftOut.map(({ what }) => what)).toEqual(expect.arrayContaining(before.filter((what) => !what.includes("memory"))));
  await rm(join(artifacts, "memory"));
  expect(await importFrom(folder, house)).toMatchObject({ carried: { artifacts: 0, runs: 0 } });
});

test("an experiment, a run, a model and a version that cannot be read are left out by name, and the others come", async () => {
  const folder = join(await temporaryFolder(), "mlruns");
  await cp(fixture, folder, { recursive: true });
  await symlink("/nowhere", join(folder, "123"));
  await symlink("/nowhere", join(folder, wind, "c".repeat(32)));
  await mkdir(join(folder, wind, "d".repeat(32)));
  await rm(join(folder, wind, outer, "params", "depth"));
  await symlink("/nowhere", join(folder, wind, outer, "params", "depth"));
  await symlink("/nowhere", join(folder, wind, "models", "m-gone"));
  await symlink("/nowhere", join(folder, "models", "lost"));
  await symlink("/nowhere", join(folder, "models", "mill", "version-9"));
  const house = await openListening();
  const report = await importFrom(folder, house);
  expect(report.leftOut.map(({ what }) => what).toSorted()).toEqual(["experiment 123", "logged model m-gone", "registered model lost", `run ${outer}`, `run ${"c".repeat(32)}`, `run ${"d".repeat(32)}`, "version-9 of registered model mill"]);
  expect(report.carried).toMatchObject({ experiments: 2, runs: 2, loggedModels: 1, registeredModels: 1, versions: 3 });
});

test("a run begun before, of one's own, is not touched", async () => {
  const house = await openListening();
  const id = await startRun(house);
  const run = { id, experimentId: "0", name: "other", status: "running", startedAt: 1, endedAt: null, lifecycle: "active", deletedAt: null, userId: "", artifactUri: "x", params: [], tags: [], datasets: [], inputModels: [], outputModels: [] } as const;
  async function* none() {
    // No points.
  }
  await expect(house.target.writeRun(run, none())).rejects.toThrow(`There is a run ${id} already`);
});
