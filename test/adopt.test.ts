import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { followRun } from "../src/commands/follow-run.ts";
import { loadSource } from "../src/data/sources/load-source.ts";
import { inspectSource } from "../src/data/sources/source.ts";
import { client } from "../src/http/client.ts";
import { projectOfAdoption } from "../src/optimization/adoption/project-of-adoption.ts";
import type { OptimizationRoutes } from "../src/optimization/routes.ts";
import type { Project } from "../src/project/project.ts";
import type { RegistryRoutes } from "../src/registry/routes.ts";
import type { PipelineRun } from "../src/stage.ts";
import { findTrainer } from "../src/training/trainers.ts";
import { selectRows } from "../src/data/select-rows.ts";
import { dayMs, liveStart, perDay, replayWorld, storyOf, usual, writeWorld, type World } from "./daily-world.ts";
import { startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const world: World = { baseDays: 20, liveDays: 12, target: (x, group, day) => usual(x, group) + (day < 4 ? 0 : 40 * Math.sign(x - 5)) };

/** A server on which a client has registered a model of the world, trained elsewhere. */
async function open(trainer = "gradient-boosting") {
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, world);
  const table = await loadSource(await inspectSource(join(folder, "world.csv")));
  const base = selectRows(table, Uint32Array.from({ length: world.baseDays * perDay }, (_, row) => row));
  const graph = findTrainer(trainer).train({ table: base, target: "y", features: ["x", "group"], task: "regression", params: trainer === "linear" ? {} : { iterations: 60 }, seed: 3 }).toOnnx();
  const server = await startMillrace(join(folder, "home"));
  const call = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Record<string, unknown>;
  };
  const { run } = (await call("runs/create", { experiment_id: "0" })) as { run: { info: { run_id: string } } };
  const id = run.info.run_id;
  expect((await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/model.onnx`, { method: "PUT", body: Buffer.from(graph) })).status).toBe(200);
  await call("registered-models/create", { name: "world" });
  await call("model-versions/create", { name: "world", source: `mlflow-artifacts:/0/${id}/artifacts/model`, run_id: id });
  const key = await readFile(join(folder, "home", "run", "recipe.key"), "utf8");
  const adopt = async (project: Project, more: object = {}): Promise<PipelineRun> => {
    const { run: started } = await client<OptimizationRoutes>(server.url, "optimization")("POST /models/:model/adopt", { params: { model: "world" }, body: { project, recipe_key: key, ...more } });
    return await followRun(server.url, started, () => undefined, new AbortController().signal);
  };
  return { folder, file, adopt, ...server };
}

test("a model that a client registered is judged, watched, and healed by its recipe when the world changes", { timeout: 180_000 }, async () => {
  const { folder, file, adopt, url, gateway } = await open();
  const project = await projectOfAdoption({ model: "world", source: join(folder, "world.csv"), target: "y", time: null }, file);
  const run = await adopt(project);
  expect([run.reason, run.steps.map(({ id, state }) => [id, state])]).toEqual([null, ["ingest", "validate", "dataset", "train", "evaluate", "record", "gate", "reference", "register", "deploy"].map((id) => [id, "succeeded"])]);
  const { versions } = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions", { params: { name: "world" } });
  expect(versions.map(({ version, origin, trigger, aliases }) => [version, origin, trigger, aliases])).toEqual([[2, "trained", "adopted: models:/world/1", ["champion"]], [1, "client", "registered by local", []]]);
  const answer = await fetch(`${gateway}/v2/models/world/infer`, { method: "POST", body: JSON.stringify({ inputs: [{ name: "x", shape: [1], datatype: "FP64", data: [5] }, { name: "group", shape: [1], datatype: "BYTES", data: ["a"] }] }) });
  expect(((await answer.json()) as { outputs: { data: number[] }[] }).outputs[0].data[0]).toBeCloseTo(usual(5, 0), -1);
  await replayWorld(url, gateway);
  const { decisions } = await storyOf(url);
  expect(decisions.slice(0, 2).map(({ kind }) => kind)).toEqual(["alarm", "canary_started"]);
  expect(decisions[0].time).toBeGreaterThan(liveStart(world) + 4 * dayMs);
  expect(decisions.map(({ kind }) => kind)).toContain("promoted");
  const retraining = decisions.find(({ kind }) => kind === "canary_started" || kind === "promoted")!;
  expect(retraining.evidence).toMatchObject({ champion: 2, challenger: 3 });
});

test("without a recipe an alarm says that a retraining is wanted, and trains nothing", { timeout: 180_000 }, async () => {
  const { folder, file, adopt, url, gateway } = await open("linear");
  const like = await projectOfAdoption({ model: "world", source: join(folder, "world.csv"), target: "y", time: null }, file);
  const bare = await projectOfAdoption({ model: "world", source: join(folder, "world.csv"), target: "y", time: "at" }, undefined);
  // The days of the world, which end in the past.
  const run = await adopt({ ...bare, data: { ...bare.data, until: like.data.until }, monitor: like.monitor });
  expect(run.reason).toBeNull();
  await replayWorld(url, gateway);
  const { decisions } = await storyOf(url);
  expect(new Set(decisions.map(({ kind, pipelineRunId }) => `${kind} ${pipelineRunId}`))).toEqual(new Set(["alarm null"]));
  expect(decisions[0].reason).toMatch(/^the absolute error of version 2 has risen/);
  const { versions } = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions", { params: { name: "world" } });
  expect(versions).toHaveLength(2);
  await expect(adopt(bare, { version: 2 })).rejects.toMatchObject({ code: "optimization.already_known" });
  await expect(adopt({ ...bare, data: { ...bare.data, target: "z" } }, { version: 1 })).rejects.toMatchObject({ code: "data.column_not_found" });
  await expect(adopt(bare, { version: 1, python: "python3", recipe_key: "guessed" })).rejects.toMatchObject({ code: "training.key_needed" });
});
