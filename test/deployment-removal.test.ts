import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { beginRollout } from "../src/optimization/canary.ts";
import type { Choice } from "../src/optimization/candidates/choose-step.ts";
import type { MonitorConfig } from "../src/monitoring/types.ts";
import { latestRollout, readDecisions } from "../src/optimization/store.ts";
import type { Loop } from "../src/optimization/types.ts";
import { moveAlias, readHolds, resolveAlias } from "../src/registry/aliases.ts";
import { deploy, gatewayUrl, readDeployment } from "../src/serving/serving.ts";
import { readDeployments } from "../src/serving/store.ts";
import { challenger, champion, openDeployments } from "./open-deployments.ts";

const asked = async (url: string) => (await fetch(`${url}/v2/models/trips`)).status;

test("a first deployment that the gateway does not load is taken back, and keeps no other from its changes", async () => {
  const { ask, price, add, house, addTo } = await openDeployments();
  await addTo("broken", Buffer.from("no model"));
  const refused = await ask("PUT", "broken", { reason: "first", variants: [champion(1)] });
  expect([refused.status, refused.body.error.message]).toEqual([500, expect.stringMatching(/The gateway cannot serve broken so: .*cannot be loaded/)]);
  expect([(await ask("GET", "broken")).status, (await readDeployments(house.db)).deployments]).toEqual([404, []]);
  expect((await ask("GET", "broken/history")).body.entries.map(({ action, reason }: { action: string; reason: string }) => [action, reason])).toEqual([
    ["serving.deployment_removed", "taken back, as the gateway does not load it: first"],
    ["serving.deployment_changed", "first"],
  ]);
  expect(await readHolds(house.db, "broken")).toEqual({});
  await add(Buffer.from("no model"));
  expect((await ask("PUT", "trips", { reason: "good", variants: [champion(1)] })).status).toBe(200);
  expect((await ask("PUT", "trips", { reason: "bad", variants: [champion(3)] })).status).toBe(500);
  expect([(await ask("PUT", "trips", { reason: "better", variants: [champion(2)] })).status, await price()]).toEqual([200, 1013]);
});

test("what a loop deploys and the gateway does not load is taken back, and nothing is written of it", async () => {
  const { ask, price, house, add, addTo } = await openDeployments();
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  await add(Buffer.from("no model"));
  const loop = { endpoint: "trips", project: { deploy: { strategy: "canary", share: 0.1 } } } as Loop;
  const choice: Choice = { yardstick: 30, championLoss: 2, changedAt: null, candidates: [], belief: null, gain: 0, from: null, archived: null, fits: 3 };
  const startCanary = (challengerVersion: number, time: number) => beginRollout(house, loop, {} as MonitorConfig, { champion: 1, challenger: challengerVersion, choice }, time, "run");
  await expect(startCanary(3, 1000)).rejects.toMatchObject({ code: "serving.gateway_refused" });
  expect((await readDeployment(house, "trips"))?.variants).toEqual([{ name: "champion", version: 1, weight: 1, shadow: false }]);
  expect([await latestRollout(house.db, "trips"), await readDecisions(house.db, "trips"), await resolveAlias(house.db, "trips", "challenger")]).toEqual([undefined, [], undefined]);
  expect([await price(), await readHolds(house.db, "trips")]).toEqual([13, { deployment: [1] }]);

  await startCanary(2, 2000);
  expect([(await latestRollout(house.db, "trips"))?.challengerVersion, (await readDecisions(house.db, "trips")).map(({ kind }) => kind)]).toEqual([2, ["canary_started"]]);

  await addTo("broken", Buffer.from("no model"));
  const change = { salt: "s", time: 3000, actor: "loop", reason: "passed the gate" };
  const moved = { alias: "champion", version: 1, time: 3000, actor: "loop", reason: "passed the gate" };
  await expect(deploy(house, { ...change, endpoint: "broken", variants: [{ ...champion(1), shadow: false }] }, (transaction) => moveAlias(transaction, { ...moved, model: "broken" }))).rejects.toMatchObject({ code: "serving.gateway_refused" });
  expect([await readDeployment(house, "broken"), await resolveAlias(house.db, "broken", "champion"), await readHolds(house.db, "broken")]).toEqual([undefined, undefined, {}]);
});

test("a deployment whose records cannot be written is taken back with them", async () => {
  const { ask, price, house } = await openDeployments();
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  const change = { endpoint: "trips", salt: "s", variants: [{ ...champion(2), shadow: false }], time: 3000, actor: "loop", reason: "better" };
  const record = deploy(house, change, (transaction) => moveAlias(transaction, { model: "trips", alias: "champion", version: 9, time: 3000, actor: "loop", reason: "better" }));
  await expect(record).rejects.toThrow(/9/);
  expect([await price(), (await readDeployment(house, "trips"))?.reason]).toEqual([13, "taken back, as what belongs to it could not be written: better"]);
});

test("a deployment whose files have gone goes on as it was, says so, and keeps no other from its changes", async () => {
  const { ask, price, house, addTo } = await openDeployments();
  await addTo("lost", Buffer.from("x")); // its name comes before that of trips
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  // Where the artifacts were brought to, and they themselves: what a disk loses.
  await rm(join(house.settings.home, "gateway", "models"), { recursive: true });
  await rm(join(house.settings.home, "artifacts"), { recursive: true });
  await addTo("fares", "trips-2");
  expect((await ask("PUT", "fares", { reason: "first", variants: [champion(1)] })).status).toBe(200);
  const { body } = await ask("GET", "trips");
  expect([await price(), body.ready, body.refusal]).toEqual([13, true, expect.stringMatching(/./)]);
  expect((await ask("GET", "fares")).body.refusal).toBeNull();
});

test("a deployment is removed with a reason: no answers, no series, versions free, the history kept; and it can come back", async () => {
  const { ask, price, house } = await openDeployments();
  const url = gatewayUrl(house);
  const events: string[] = [];
  house.events.on("serving.deployment_removed", ({ payload }) => void events.push(JSON.stringify(payload)));
  await ask("PUT", "trips", { reason: "first", variants: [champion(1, 0.5), challenger(2, 0.5)] });
  await price();
  const series = async () => (await (await fetch(`${url}/metrics`)).text()).split("\n").filter((line) => line.includes('"trips"')).length;
  expect([await asked(url), (await series()) > 0, await readHolds(house.db, "trips")]).toEqual([200, true, { deployment: [1, 2] }]);

  expect((await ask("POST", "trips/remove", {})).status).toBe(400);
  const removed = await ask("POST", "trips/remove", { reason: "nobody asks" });
  expect([removed.status, removed.body]).toEqual([200, { removed: "trips" }]);
  expect([await asked(url), await series(), await readHolds(house.db, "trips"), (await ask("GET", "trips")).status]).toEqual([404, 0, {}, 404]);
  expect(events).toEqual(['{"endpoint":"trips","reason":"nobody asks"}']);
  const { body } = await ask("GET", "trips/history");
  expect(body.entries[0]).toMatchObject({ action: "serving.deployment_removed", reason: "nobody asks", details: { variants: [{ version: 1 }, { version: 2 }] } });
  expect((await ask("POST", "trips/remove", { reason: "again" })).status).toBe(404);

  await ask("PUT", "trips", { reason: "back", variants: [champion(2)] });
  expect(await price()).toBe(1013);
});

test("a deployment that another falls back on is not removed", async () => {
  const { ask, addTo } = await openDeployments();
  await addTo("fares", "trips-2");
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  await ask("PUT", "fares", { reason: "first", variants: [champion(1)], fallback: { endpoint: "trips" } });
  const refused = await ask("POST", "trips/remove", { reason: "away" });
  expect([refused.status, refused.body.error.message]).toEqual([409, "trips answers where fares cannot (fallback); give that another fallback first, or none"]);
  await ask("PUT", "fares", { reason: "alone", fallback: null });
  expect((await ask("POST", "trips/remove", { reason: "away" })).status).toBe(200);
});
