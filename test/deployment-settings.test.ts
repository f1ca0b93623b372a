import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openLog } from "../src/log.ts";
import { parseBytes } from "../src/serving/gateway/config/bytes.ts";
import { config, endpoint, makeHome, modelFile, startProcess, variant } from "../src/serving/gateway/fixtures/gateway-process.ts";
import { superviseGateway } from "../src/serving/gateway-process.ts";
import { readDeployments } from "../src/serving/store.ts";
import { challenger, champion, gatewayProgram, openDeployments } from "./open-deployments.ts";
import { openProtocol } from "./open-protocol.ts";
import { startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const defaults = { maxRows: 256, delayMs: null, queueRows: 65_536, timeoutMs: 60_000, weight: 1, merge: null };

test("settings are set with a deployment or by themselves, kept by changes that do not speak of them, and removed by null", async () => {
  const { ask, price } = await openDeployments();
  const first = await ask("PUT", "trips", { reason: "first", variants: [champion(1)], batching: { maxRows: 64, delayMs: 2 }, log: { share: 0.5 } });
  expect([first.status, first.body.settings]).toEqual([200, { batching: { maxRows: 64, delayMs: 2 }, log: { share: 0.5 } }]);
  expect(first.body.inForce).toEqual({ batching: { ...defaults, maxRows: 64, delayMs: 2 }, logShare: 0.5, pinned: false });

  const alone = await ask("PUT", "trips", { reason: "pinned", pinned: true, log: null });
  expect([alone.body.variants[0].version, alone.body.salt, alone.body.settings]).toEqual([1, first.body.salt, { batching: { maxRows: 64, delayMs: 2 }, pinned: true }]);
  const second = await ask("PUT", "trips", { reason: "half", variants: [champion(1, 0.5), challenger(2, 0.5)] });
  expect(second.body.inForce).toEqual({ batching: { ...defaults, maxRows: 64, delayMs: 2 }, logShare: 1, pinned: true });
  const { body: history } = await ask("GET", "trips/history");
  expect(history.entries.map(({ reason, details }: { reason: string; details: object }) => [reason, (details as { settings: object }).settings])).toEqual([
    ["half", alone.body.settings],
    ["pinned", alone.body.settings],
    ["first", first.body.settings],
  ]);

  const back = await ask("POST", "trips/rollback", { reason: "back" });
  expect([back.body.variants.length, back.body.settings, await price()]).toEqual([1, alone.body.settings, 13]);
  const none = await ask("PUT", "trips", { reason: "none", batching: null, pinned: null });
  expect([none.body.settings, none.body.inForce]).toEqual([{}, { batching: defaults, logShare: 1, pinned: false }]);
});

test.each<[string, object, RegExp]>([
  ["a batch of none", { batching: { maxRows: 0 } }, /The settings of trips are wrong at batching\.maxRows: it must be a whole number from 1/],
  ["a limit that is not there", { batching: { rows: 1 } }, /batching\.rows: there is no such field; there is maxRows, delayMs/],
  ["a share beyond 1", { log: { share: 2 } }, /log\.share: it must be a number from 0 to 1, not 2/],
  ["settings of no deployment", { path: "fares", pinned: true }, /There is no deployment "fares" yet; say which version answers/],
])("%s is refused and changes nothing", async (_, { path = "trips", ...settings }: { path?: string }, message) => {
  const { ask } = await openDeployments();
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  const refused = await ask("PUT", path, { reason: "wrong", ...settings });
  expect([refused.status, JSON.stringify(refused.body).replaceAll('\\"', '"')]).toEqual([path === "trips" ? 400 : 404, expect.stringMatching(message)]);
  expect((await ask("GET", "trips")).body).toMatchObject({ reason: "first", settings: {} });
});

test("what the gateway does not load is taken back, rules, settings and all, and keeps nothing else from changing", async () => {
  const { ask, price, add } = await openDeployments();
  await add(Buffer.from("no model"));
  const first = await ask("PUT", "trips", { reason: "first", variants: [champion(1)], sticky: { header: "x-user" }, log: { share: 0.5 } });
  const broken = await ask("PUT", "trips", { reason: "broken", variants: [champion(3)], sticky: null, log: null, pinned: true });
  expect([broken.status, broken.body.error.message]).toEqual([500, expect.stringMatching(/The gateway answered 400 to reload: .*version 3\) of .*trips.* cannot be loaded/)]);
  const { body: now } = await ask("GET", "trips");
  expect([now.variants[0].version, now.traffic, now.settings, now.inForce]).toEqual([1, first.body.traffic, first.body.settings, first.body.inForce]);
  const { body: history } = await ask("GET", "trips/history");
  expect(history.entries.map(({ reason }: { reason: string }) => reason)).toEqual(["taken back, as the gateway does not load it: broken", "broken", "first"]);
  expect([(await ask("PUT", "trips", { reason: "more", pinned: true })).status, await price()]).toEqual([200, 13]);
});

test("a gateway without its server goes on with the settings, from the last good ones if it must", async () => {
  const { ask, house, supervisor } = await openDeployments();
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)], batching: { queueRows: 7 }, log: { share: 0 }, pinned: true });
  await supervisor.stop();
  await writeFile(join(house.settings.home, "gateway", "config.json"), "lost power here");
  const gateway = await startProcess(house.settings.home);
  const { endpoints } = await gateway.admin("status");
  expect(endpoints).toMatchObject([{ name: "trips", logShare: 0, variants: [{ batching: { ...defaults, queueRows: 7 }, pinned: true }] }]);
});

test("the share of the log decides what is logged", async () => {
  const { ask, price, supervisor } = await openDeployments();
  await ask("PUT", "trips", { reason: "none", variants: [champion(1)], log: { share: 0 } });
  await price();
  expect((await supervisor.call("flush")).log).toMatchObject({ written: 0 });
  await ask("PUT", "trips", { reason: "all", log: null });
  await price();
  expect((await supervisor.call("flush")).log).toMatchObject({ written: 1 });
});

test("a deployment of before there were settings has none", async () => {
  const { house } = await openProtocol();
  const db = house.db.withTables<{ deployments: { endpoint: string; salt: string; updated_at: number; reason: string } }>();
  await db.insertInto("deployments").values({ endpoint: "old", salt: "s", updated_at: 1, reason: "" }).execute();
  expect((await readDeployments(house.db)).deployments).toEqual([{ endpoint: "old", salt: "s", updatedAt: 1, reason: "", traffic: {}, settings: {}, variants: [] }]);
});

test.each([
  ["the same limit in other words", "1024MiB", true],
  ["another limit", "2GiB", false],
  ["no limit", null, false],
])("a gateway that a former server left goes on with %s, or is replaced at the ports that clients know", async (_, memoryLimit, stays) => {
  const home = await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1))));
  const left = await startProcess(home, "--memory-limit", "1GiB");
  expect((await left.admin("status")).memory).toEqual({ bytes: expect.any(Number) as number, limit: 2 ** 30 });
  const { port, grpcPort } = left.address;
  const next = await superviseGateway({ home, host: "127.0.0.1", port, grpcPort: grpcPort!, program: gatewayProgram, python: null, memoryLimit, log: openLog("silent", "test") });
  onTestFinished(() => next.stop());
  const status = await next.call("status");
  expect([status.pid === left.address.pid, next.url()]).toEqual([stays, left.url]);
  expect(status.memory?.limit).toBe(memoryLimit === null ? null : parseBytes(memoryLimit, "it"));
});

const send = (method: "POST" | "PUT", url: string, body: object) => fetch(url, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("a server whose gateway cannot load what is deployed starts, says so, and lets it be changed", async () => {
  const home = await temporaryFolder();
  const first = await startMillrace(home);
  const { run } = (await (await send("POST", `${first.url}/api/2.0/mlflow/runs/create`, { experiment_id: "0", start_time: 5 })).json()) as { run: { info: { run_id: string } } };
  const id = run.info.run_id;
  await fetch(`${first.url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/model.onnx`, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: await readFile(modelFile("trips-1")) });
  await send("POST", `${first.url}/api/2.0/mlflow/registered-models/create`, { name: "trips" });
  await send("POST", `${first.url}/api/2.0/mlflow/model-versions/create`, { name: "trips", source: `mlflow-artifacts:/0/${id}/artifacts/model`, run_id: id });
  const set = async (url: string, reason: string) => (await send("PUT", `${url}/api/serving/deployments/trips`, { reason, variants: [champion(1)] })).status;
  expect(await set(first.url, "first")).toBe(200);
  await first.kill();
  const small = await startMillrace(home, { env: { MILLRACE_MEMORY_LIMIT: "1KiB" } });
  const deployment = async (url: string) => (await fetch(`${url}/api/serving/deployments/trips`)).json() as Promise<object>;
  expect(await deployment(small.url)).toMatchObject({ ready: false, inForce: null, refusal: expect.stringMatching(/There is no room for a model/) as string });
  expect(await set(small.url, "again")).toBe(507);
  await small.kill();
  const large = await startMillrace(home, { env: { MILLRACE_MEMORY_LIMIT: "1GiB" } });
  expect(await deployment(large.url)).toMatchObject({ ready: true, inForce: { logShare: 1 }, refusal: null });
});

test("a memory limit that is none is refused before a gateway starts", async () => {
  const options = { home: await makeHome(), host: "127.0.0.1", port: 0, grpcPort: 0, program: gatewayProgram, python: null, log: openLog("silent", "test") };
  await expect(superviseGateway({ ...options, memoryLimit: "much" })).rejects.toThrow('--memory-limit (MILLRACE_MEMORY_LIMIT) is "much"; it must be a size such as 512MiB or 2GiB.');
});
