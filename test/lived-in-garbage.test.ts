import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DataRoutes } from "../src/data/routes.ts";
import { client } from "../src/http/client.ts";
import type { RegistryRoutes } from "../src/registry/routes.ts";
import type { ServingRoutes } from "../src/serving/routes.ts";
import type { TrackingRoutes } from "../src/tracking/routes.ts";
import { replayWorld, usual, writeWorld, type World } from "./daily-world.ts";
import { millrace, runProject, startMillrace, type RunningServer } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const world: World = { baseDays: 20, liveDays: 6, moved: (day) => (day < 2 ? 0 : 10), target: (x, group) => usual(Math.min(x, 10), group) - 12 * Math.max(0, x - 10) };

/** Makes every content of the artifact store two months old. */
async function age(home: string): Promise<void> {
  const then = Date.now() / 1000 - 60 * 86_400;
  const root = join(home, "artifacts");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), then, then);
}

/** Opens everything there is, as users would, and has the gateway answer. Returns how many things that were. */
async function openAll({ url }: RunningServer): Promise<number> {
  const [tracking, data, registry] = [client<TrackingRoutes>(url, "tracking"), client<DataRoutes>(url, "data"), client<RegistryRoutes>(url, "registry")];
  let opened = 0;
  const fetched = async (path: string): Promise<void> => {
    const answer = await fetch(url + path);
    await answer.arrayBuffer();
    expect({ path, status: answer.status }).toEqual({ path, status: 200 });
    opened++;
  };
  for (const { id } of (await tracking("GET /runs", { query: {} })).runs) {
    for (const { path } of (await tracking("GET /runs/:id", { params: { id } })).artifacts) await fetched(`/api/tracking/runs/${encodeURIComponent(id)}/artifacts/${path}`);
  }
  for (const { id } of (await data("GET /versions", { query: {} })).versions) {
    await fetched(`/api/data/versions/${id}`);
    await fetched(`/api/data/versions/${id}/rows`);
  }
  for (const { version } of (await registry("GET /models/:name/versions", { params: { name: "world" } })).versions) {
    await fetched(`/api/registry/models/world/versions/${version}/model.onnx`);
    expect((await registry("GET /models/:name/versions/:version/evidence", { params: { name: "world", version } })).notes).toEqual([]);
  }
  const { deployments } = await client<ServingRoutes>(url, "serving")("GET /deployments");
  const inputs = [{ name: "x", shape: [1, 1], datatype: "FP32", data: [3] }, { name: "group", shape: [1, 1], datatype: "BYTES", data: ["a"] }];
  const answer = await fetch(deployments[0].url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ inputs }) });
  expect(answer.status).toBe(200);
  return opened;
}

/** Contents that nothing names: files that a client uploaded and deleted again. */
async function litter({ url }: RunningServer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const file = `${url}/api/2.0/mlflow-artifacts/artifacts/litter/${i}`;
    await fetch(file, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: `litter ${i} ${"x".repeat(1000)}` });
    await fetch(file, { method: "DELETE" });
  }
}

test("a lived-in house loses nothing to a collection, nor to one that kill -9 cuts off", { timeout: 180_000 }, async () => {
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, world);
  const home = join(folder, "home");
  const first = await startMillrace(home);
  expect((await runProject(first.url, file, "first")).state).toBe("succeeded");
  await replayWorld(first.url, first.gateway);
  await litter(first, 40);
  const before = await openAll(first);
  expect(before).toBeGreaterThanOrEqual(10);

  // All are old now, and the grace time is none: only what is needed stays.
  await age(home);
  const dry = await millrace(["gc", "--older-than", "0s", "--dry-run", "--json", "--home", home]);
  const seen = JSON.parse(dry.out) as { blobs: { count: number } };
  expect(seen.blobs.count).toBeGreaterThanOrEqual(40);
  expect(await openAll(first)).toBe(before);
  const collected = await millrace(["gc", "--older-than", "0s", "--json", "--home", home]);
  expect(JSON.parse(collected.out)).toMatchObject({ dryRun: false, blobs: seen.blobs });
  expect(await openAll(first)).toBe(before);

  // What the cache of a pipeline names is there: the same project again needs no step twice.
  const again = await runProject(first.url, file, "again");
  expect(again.steps.find(({ id }) => id === "train")).toMatchObject({ state: "succeeded", cacheHit: true });

  const lived = await openAll(first);
  await litter(first, 200);
  await age(home);
  const cut = fetch(`${first.url}/api/registry/gc`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ olderThan: "0s" }) }).catch(() => undefined);
  await gone(home, 20);
  await first.kill();
  await cut;
  const second = await startMillrace(home);
  expect(await openAll(second)).toBe(lived);
  await millrace(["gc", "--older-than", "0s", "--json", "--home", home]);
  expect(await openAll(second)).toBe(lived);
  const clean = await millrace(["gc", "--older-than", "0s", "--dry-run", "--json", "--home", home]);
  expect(JSON.parse(clean.out)).toMatchObject({ blobs: { count: 0 } });
});

/** Waits until the collection has begun to remove contents. Polls: what it watches is another process. */
async function gone(home: string, fewer: number): Promise<void> {
  const count = async (): Promise<number> => (await readdir(join(home, "artifacts"), { recursive: true })).length;
  const [before, deadline] = [await count(), performance.now() + 5000];
  while ((await count()) > before - fewer && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1));
}
