import { describe, expect, test } from "vitest";
import { auditMigrations, readAudit } from "../storage/audit.ts";
import { openTestDatabase } from "../storage/fixtures/open-test-database.ts";
import { migrate } from "../storage/migrations.ts";
import { trackingMigrations } from "../tracking/store.ts";
import { holdVersions, moveAlias, removeAlias, resolveAlias, setAliasPolicy } from "./aliases.ts";
import { newVersion, openRegistry } from "./fixtures/open-registry.ts";
import { createModel, deleteModel, listModels, readModel, renameModel, restoreModel } from "./models.ts";
import { registerVersion } from "./registry.ts";
import { latestVersions } from "./search.ts";
import { registryMigrations } from "./store.ts";
import { createVersion, deleteVersion, listVersions, readTrainedVersion, readVersion, restoreVersion, setStage } from "./versions.ts";

const by = { time: 5, actor: "ada" };
const client = (model: string) => ({ model, source: "mlflow-artifacts:/0/r/artifacts/m", storage: "mlflow-artifacts:/0/r/artifacts/m", ...by });

describe("versions", () => {
  test("those of the house and those of clients count up together; a pipeline run has one", async () => {
    const db = await openRegistry();
    await registerVersion(db, newVersion("mill", "p1"));
    expect(await createVersion(db, client("mill"))).toBe(2);
    expect((await registerVersion(db, newVersion("mill", "p1"))).version).toBe(1);
    expect((await registerVersion(db, newVersion("mill", "p2"))).version).toBe(3);
    expect((await listVersions(db, "mill")).map(({ version, origin }) => [version, origin])).toEqual([[3, "trained"], [2, "client"], [1, "trained"]]);
    expect(await readTrainedVersion(db, "mill", 1)).toMatchObject({ ...newVersion("mill", "p1"), createdAt: 100, trigger: "manual", stage: "None", source: "runs:/p1/model" });
    await expect(readTrainedVersion(db, "mill", 2)).rejects.toThrow(/not trained and evaluated here/);
  });

  test("a number is not used again, not even after its version was deleted; a deleted version comes back without its aliases", async () => {
    const db = await openRegistry();
    await createModel(db, { name: "mill", ...by });
    for (let i = 0; i < 2; i++) await createVersion(db, client("mill"));
    await moveAlias(db, { model: "mill", alias: "best", version: 2, reason: "", ...by });
    await deleteVersion(db, "mill", 2, by);
    await expect(readVersion(db, "mill", 2)).rejects.toThrow("Model Version (name=mill, version=2) not found");
    expect(await resolveAlias(db, "mill", "best")).toBeUndefined();
    expect(await createVersion(db, client("mill"))).toBe(3);
    await restoreVersion(db, "mill", 2, by);
    expect(await readVersion(db, "mill", 2)).toMatchObject({ version: 2, aliases: [] });
    await expect(restoreVersion(db, "mill", 2, by)).rejects.toThrow(/no deleted version 2/);
  });

  test("a stage archives the versions that are there when it is told to; the newest of each stage are the latest", async () => {
    const db = await openRegistry();
    await createModel(db, { name: "mill", ...by });
    for (let i = 0; i < 3; i++) await createVersion(db, client("mill"));
    await setStage(db, "mill", 1, "Production", false, by);
    await setStage(db, "mill", 2, "Production", false, by);
    expect((await latestVersions(db, ["mill"])).map(({ version, stage }) => [version, stage])).toEqual([[2, "Production"], [3, "None"]]);
    await setStage(db, "mill", 3, "Production", true, by);
    expect((await listVersions(db, "mill")).map(({ stage }) => stage)).toEqual(["Production", "Archived", "Archived"]);
  });
});

describe("models", () => {
  test("a deleted model's name is free again, and it comes back when nobody has taken it", async () => {
    const db = await openRegistry();
    await registerVersion(db, newVersion("mill", "p1"));
    await deleteModel(db, "mill", by);
    expect(await listModels(db)).toEqual([]);
    await createModel(db, { name: "mill", ...by });
    expect(await createVersion(db, client("mill"))).toBe(1);
    await expect(restoreModel(db, "mill", by)).rejects.toThrow(/rename it first/);
    await renameModel(db, "mill", "mill 2", by);
    await restoreModel(db, "mill", by);
    expect((await readModel(db, "mill")).latestVersion).toBe(1);
    expect((await readVersion(db, "mill 2", 1)).origin).toBe("client");
  });

  test("what is deployed is neither deleted nor renamed", async () => {
    const db = await openRegistry();
    await registerVersion(db, newVersion("mill", "p1"));
    await registerVersion(db, newVersion("mill", "p2"));
    await holdVersions(db, "mill", "deployment", [1, 1]);
    for (const attempt of [() => deleteVersion(db, "mill", 1, by), () => deleteModel(db, "mill", by), () => renameModel(db, "mill", "m", by)]) {
      await expect(attempt()).rejects.toMatchObject({ code: "registry.in_use", status: 409 });
    }
    await deleteVersion(db, "mill", 2, by);
    await holdVersions(db, "mill", "deployment", []);
    await deleteModel(db, "mill", by);
  });

  test.each(["", "  ", "a/b", "a:b", ".."])("%j is no name", async (name) => {
    await expect(createModel(await openRegistry(), { name, ...by })).rejects.toMatchObject({ code: "registry.bad_model_name" });
  });
});

describe("aliases", () => {
  test("a policy keeps an alias from versions that do not show what it asks for", async () => {
    const db = await openRegistry();
    await registerVersion(db, newVersion("mill", "p1"));
    await createVersion(db, client("mill"));
    await setAliasPolicy(db, { model: "mill", alias: "champion", reason: "rule 1", ...by }, ["gate"]);
    await moveAlias(db, { model: "mill", alias: "champion", version: 1, reason: "passed", ...by });
    const attempt = moveAlias(db, { model: "mill", alias: "champion", version: 2, reason: "I want", ...by });
    await expect(attempt).rejects.toMatchObject({ code: "registry.policy", status: 403, message: expect.stringContaining("it passed its evaluation gate here") });
    expect((await resolveAlias(db, "mill", "champion"))?.version).toBe(1);
    await moveAlias(db, { model: "mill", alias: "other", version: 2, reason: "", ...by });
    await setAliasPolicy(db, { model: "mill", alias: "champion", reason: "no rule", ...by }, []);
    await moveAlias(db, { model: "mill", alias: "champion", version: 2, reason: "now", ...by });
    await removeAlias(db, { model: "mill", alias: "champion", reason: "gone", ...by });
    expect((await readAudit(db, { object: "model/mill" })).map(({ action, reason }) => [action, reason]).reverse()).toEqual([
      ["registry.model_created", "manual"],
      ["registry.version_registered", "manual"],
      ["registry.version_registered", ""],
      ["registry.alias_policy_set", "rule 1"],
      ["registry.alias_moved", "passed"],
      ["registry.alias_moved", ""],
      ["registry.alias_policy_set", "no rule"],
      ["registry.alias_moved", "now"],
      ["registry.alias_removed", "gone"],
    ]);
  });

  test.each([["latest", /reserved/], ["LATEST", /reserved/], ["v12", /reserved/], ["a b", /may only contain/], ["", /cannot be empty/], ["x".repeat(256), /255/]])("%j is no alias", async (alias, message) => {
    const db = await openRegistry();
    await registerVersion(db, newVersion("mill", "p1"));
    await expect(moveAlias(db, { model: "mill", alias, version: 1, reason: "", ...by })).rejects.toThrow(message);
  });
});

test("a registry of before keeps its models, versions and aliases", async () => {
  const db = await openTestDatabase();
  const rooms = [{ name: "storage", migrations: auditMigrations }, { name: "tracking", migrations: trackingMigrations }];
  await migrate(db, [...rooms, { name: "registry", migrations: registryMigrations.slice(0, 1) }], 0);
  // eslint-disable-next-line typescript/no-explicit-any
  const old = db as any;
  const { model, createdAt, createdBy, runId, pipelineRunId, datasetVersion, artifact, ...document } = newVersion("mill", "p1");
  await old.insertInto("registered_models").values({ name: model, created_at: 50 }).execute();
  const row = { model, version: 4, created_at: createdAt, created_by: createdBy, run_id: runId, pipeline_run_id: pipelineRunId, dataset_version: datasetVersion };
  await old.insertInto("model_versions").values({ ...row, artifact_sha256: artifact.sha256, artifact_size: artifact.size, document: JSON.stringify(document) }).execute();
  await old.insertInto("model_aliases").values({ model, alias: "champion", version: 4, moved_at: 60 }).execute();
  await migrate(db, [...rooms, { name: "registry", migrations: registryMigrations }], 1);
  expect(await readTrainedVersion(db, "mill", 4)).toMatchObject({ ...newVersion("mill", "p1"), aliases: ["champion"], trigger: "manual" });
  expect(await readModel(db, "mill")).toMatchObject({ createdAt: 50, updatedAt: 100, latestVersion: 4, aliases: { champion: 4 } });
  expect((await registerVersion(db, newVersion("mill", "p2"))).version).toBe(5);
  await db.destroy();
});
