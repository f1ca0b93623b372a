import { expect, test } from "vitest";
import { challenger, champion, openDeployments } from "./open-deployments.ts";

test("rules, fallback and stickiness are set with a deployment, kept by changes that do not speak of them, and removed by null", async () => {
  const { ask, price } = await openDeployments();
  const rules = [{ if: { header: { "X-Tier": "beta" } }, variant: "challenger" }];
  const first = await ask("PUT", "trips", { reason: "try 2", variants: [champion(1), challenger(2, 0)], rules, sticky: { header: "x-user" }, fallback: { variant: "champion", afterMs: 100 } });
  expect([first.status, first.body.traffic]).toEqual([200, { rules, sticky: { header: "x-user" }, fallback: { variant: "champion", afterMs: 100 } }]);
  expect([await price(), await price({}, { "x-tier": "beta" })]).toEqual([13, 1013]);

  const half = await ask("PUT", "trips", { reason: "half", variants: [champion(1, 0.5), challenger(2, 0.5)] });
  expect([half.body.traffic, half.body.salt]).toEqual([first.body.traffic, first.body.salt]);
  const promoted = await ask("PUT", "trips", { reason: "promoted", variants: [champion(2)], fallback: null });
  expect(promoted.body.traffic).toEqual({ sticky: { header: "x-user" } });
  expect(await price({}, { "x-tier": "beta" })).toBe(1013);
});

test.each<[string, object, RegExp]>([
  ["a rule for nobody", { rules: [{ if: { header: { a: "b" } }, variant: "nobody" }] }, /rules\[0\]\.variant: there is no variant "nobody"; there is "champion"/],
  ["a fallback elsewhere", { fallback: { endpoint: "elsewhere" } }, /The fallback of trips is "elsewhere", which is no other deployment/],
  ["a fallback to itself", { fallback: { endpoint: "trips" } }, /which is no other deployment/],
  ["two ways to stick", { sticky: { header: "a", cookie: "b" } }, /sticky: it must be an object with one of/],
])("%s is refused and changes nothing", async (_, traffic, message) => {
  const { ask, price } = await openDeployments();
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  const refused = await ask("PUT", "trips", { reason: "wrong", variants: [champion(2)], ...traffic });
  expect([refused.status, JSON.stringify(refused.body).replaceAll('\\"', '"')]).toEqual([400, expect.stringMatching(message)]);
  expect(await price()).toBe(13);
});

test("a rollback gives the endpoint back to who answered before, with the rules of that time, and says so in the history", async () => {
  const { ask, price } = await openDeployments();
  expect((await ask("POST", "trips/rollback", { reason: "?" })).status).toBe(404);
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)], sticky: { cookie: "uid" } });
  expect((await ask("POST", "trips/rollback", { reason: "?" })).body.error.message).toMatch(/trips has had no other variants/);
  await ask("PUT", "trips", { reason: "second", variants: [champion(2)], sticky: null });
  await ask("PUT", "trips", { reason: "sticky again", variants: [champion(2)], sticky: { header: "x" } });
  expect(await price()).toBe(1013);

  const back = await ask("POST", "trips/rollback", { reason: "errors since 14:00" });
  expect([back.status, back.body.variants[0].version, back.body.traffic, await price()]).toEqual([200, 1, { sticky: { cookie: "uid" } }, 13]);
  const { body: history } = await ask("GET", "trips/history");
  expect(history.entries[0]).toMatchObject({ action: "serving.deployment_changed", reason: "errors since 14:00", details: { variants: [{ version: 1 }] } });

  const forth = await ask("POST", "trips/rollback", { reason: "it was not that" });
  expect([forth.body.variants[0].version, await price()]).toEqual([2, 1013]);
});
