import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "./open-protocol.ts";
import { deploymentHold } from "../src/registry/fixtures/deployment-hold.ts";
import { collectGarbage } from "../src/storage/collect-garbage.ts";
import { digestsIn, namedDigests } from "../src/storage/named-digests.ts";

const day = 86_400_000;
const options = { olderThanMs: 30 * day, dryRun: false, actor: "ada" };

async function upload({ server }: Protocol, path: string, text: string): Promise<void> {
  const answer = await server.inject({ method: "PUT", url: `/api/2.0/mlflow-artifacts/artifacts/${path}`, headers: { "content-type": "application/octet-stream" }, payload: Buffer.from(text) });
  expect(answer.statusCode).toBe(200);
}

const download = async ({ server }: Protocol, path: string): Promise<number> => (await server.inject({ method: "GET", url: `/api/2.0/mlflow-artifacts/artifacts/${path}` })).statusCode;

const artifactsOf = (run: string): string => `0/${run}/artifacts/model.bin`;

/** A run with a file of its own. */
async function runWithFile(protocol: Protocol): Promise<string> {
  const run = await startRun(protocol);
  await upload(protocol, artifactsOf(run), `of ${run}`);
  await protocol.post("runs/log-metric", { run_id: run, key: "m", value: 1, timestamp: 1, step: 0 });
  await protocol.post("runs/log-parameter", { run_id: run, key: "p", value: "1" });
  return run;
}

test("runs that were deleted long ago go with their files; later ones, living ones and those that versions need stay", async () => {
  const protocol = await openProtocol();
  const { house, clock, post } = protocol;
  clock.advanceTo(Date.now());
  const [gone, late, living, needed] = [await runWithFile(protocol), await runWithFile(protocol), await runWithFile(protocol), await runWithFile(protocol)];
  await post("registered-models/create", { name: "mill" });
  await post("model-versions/create", { name: "mill", source: `mlflow-artifacts:/0/${needed}/artifacts`, run_id: needed });
  for (const run of [gone, needed]) await post("runs/delete", { run_id: run });
  clock.advanceTo(Date.now() + 20 * day);
  await post("runs/delete", { run_id: late });
  clock.advanceTo(Date.now() + 40 * day);
  const seen = await collectGarbage(house, { ...options, dryRun: true });
  expect(seen).toMatchObject({ removed: { runs: 1, versions: 0 }, blobs: { count: 1 } });
  for (const run of [gone, late, living, needed]) expect(await download(protocol, artifactsOf(run))).toBe(200);
  expect(await collectGarbage(house, options)).toEqual({ ...seen, dryRun: false });
  expect(await download(protocol, artifactsOf(gone))).toBe(404);
  for (const run of [late, living, needed]) expect(await download(protocol, artifactsOf(run))).toBe(200);
  expect((await protocol.get(`runs/get?run_id=${gone}`)).status).toBe(404);
  expect((await post("runs/restore", { run_id: late })).status).toBe(200);
  expect(await collectGarbage(house, options)).toMatchObject({ removed: { runs: 0 }, blobs: { count: 0 } });
});

test("deleted models and versions go, with the runs that only they needed; what is held stays", async () => {
  const protocol = await openProtocol();
  const { house, clock, post } = protocol;
  clock.advanceTo(Date.now());
  const [first, second] = [await runWithFile(protocol), await runWithFile(protocol)];
  for (const [name, run] of [["gone", first], ["held", second]]) {
    await post("registered-models/create", { name });
    await post("model-versions/create", { name, source: `mlflow-artifacts:/0/${run}/artifacts`, run_id: run });
    await post("registered-models/alias", { name, alias: "best", version: "1" });
    await post("runs/delete", { run_id: run });
    await protocol.server.inject({ method: "DELETE", url: `/api/registry/models/${name}` });
  }
  await deploymentHold(house.db, "held", 1);
  clock.advanceTo(Date.now() + 40 * day);
  expect(await collectGarbage(house, options)).toMatchObject({ removed: { models: 1, versions: 1, runs: 1 }, blobs: { count: 1 } });
  expect(await download(protocol, artifactsOf(second))).toBe(200);
  const restored = await protocol.server.inject({ method: "POST", url: "/api/registry/models/held/restore", headers: { "content-type": "application/json" }, payload: "{}" });
  expect(restored.statusCode).toBe(200);
  expect((await protocol.server.inject({ method: "POST", url: "/api/registry/models/gone/restore", headers: { "content-type": "application/json" }, payload: "{}" })).statusCode).toBe(404);
});

test("a deleted experiment goes when nothing is left in it, and its name is free", async () => {
  const protocol = await openProtocol();
  const { house, clock, post } = protocol;
  clock.advanceTo(Date.now());
  const { experiment_id: id } = (await post("experiments/create", { name: "e" })).body;
  const run = await startRun(protocol, { experiment_id: id });
  await post("runs/log-inputs", { run_id: run, datasets: [{ dataset: { name: "d", digest: "1", source_type: "code", source: "{}" } }] });
  const trace = { trace_id: "tr-1", trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: id } }, request_time: "2026-01-01T00:00:00Z", state: "OK" };
  expect((await post("/api/3.0/mlflow/traces", { trace: { trace_info: trace } })).status).toBe(200);
  await post("traces/link-to-run", { trace_ids: ["tr-1"], run_id: run });
  await post("experiments/delete", { experiment_id: id });
  clock.advanceTo(Date.now() + 40 * day);
  expect(await collectGarbage(house, options)).toMatchObject({ removed: { runs: 1, experiments: 1 } });
  expect((await post("experiments/create", { name: "e" })).status).toBe(200);
});

test("a file nobody names yet stays for an hour, whatever the grace time", async () => {
  const { house, clock } = await openProtocol();
  clock.advanceTo(Date.now());
  const { sha256 } = await house.blobs.put(Buffer.from("on its way"));
  expect(await collectGarbage(house, { ...options, olderThanMs: 0 })).toMatchObject({ blobs: { count: 0 } });
  clock.advanceTo(Date.now() + 2 * 3_600_000);
  expect(await collectGarbage(house, { ...options, olderThanMs: 0 })).toMatchObject({ blobs: { count: 1, bytes: 10 } });
  expect(await house.blobs.has(sha256)).toBe(false);
});

test("a collection that fails in the middle of the rows takes all of them back, and no file", async () => {
  const protocol = await openProtocol();
  const { house, clock, post } = protocol;
  clock.advanceTo(Date.now());
  const run = await runWithFile(protocol);
  await post("runs/delete", { run_id: run });
  clock.advanceTo(Date.now() + 40 * day);
  const breaking = { collect: () => Promise.reject(new Error("the power went")) };
  await expect(collectGarbage({ ...house, collectors: [breaking, ...house.collectors] }, options)).rejects.toThrow("the power went");
  expect((await post("runs/restore", { run_id: run })).status).toBe(200);
  expect(await download(protocol, artifactsOf(run))).toBe(200);
});

test("a digest is found wherever it stands in a text, but for the audit log", async () => {
  const { house, post, server } = await openProtocol();
  const [one, other] = ["a1".repeat(32), "b2".repeat(32)];
  await post("registered-models/create", { name: "mill", description: `see ${one}.onnx` });
  await post("registered-models/create", { name: "gone", description: `{"sha256":"${other}"}` });
  expect(await namedDigests(house.db)).toEqual(new Set([one, other]));
  await server.inject({ method: "PATCH", url: "/api/2.0/mlflow/registered-models/update", headers: { "content-type": "application/json" }, payload: JSON.stringify({ name: "gone", description: "" }) });
  expect(await namedDigests(house.db)).toEqual(new Set([one]));
});

test("in a longer run of hex digits, each 64 are a digest", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), fc.stringMatching(/^[0-9a-f]{0,5}$/), fc.stringMatching(/^[g-z ]{0,5}$/), (digest, before, after) => {
      expect([...digestsIn(`"${before}${digest}${after}`)]).toContain(digest);
    }),
  );
  expect([...digestsIn("f".repeat(63))]).toEqual([]);
});
