import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openProtocol, type Protocol } from "../../test/open-protocol.ts";
import { placesBefore, type AliasMove } from "./alias-moves.ts";
import { holdVersions } from "./aliases.ts";
import { newVersion } from "./fixtures/open-registry.ts";
import { registerVersion } from "./registry.ts";

const move = (kind: AliasMove["kind"], version: number | null): AliasMove => ({ alias: "champion", kind, version, time: 0, actor: "", reason: "" });

test.each<[string, AliasMove[], number | null, (number | null)[]]>([
  ["nothing", [], null, []],
  ["one place", [move("moved", 1)], 1, []],
  ["three places", [move("moved", 1), move("moved", 2), move("moved", 3)], 3, [2, 1]],
  ["after a rollback", [move("moved", 1), move("moved", 2), move("moved", 3), move("rolled_back", 2)], 2, [1]],
  ["on from a rollback", [move("moved", 1), move("moved", 2), move("rolled_back", 1), move("moved", 3)], 3, [1]],
  ["there and back by hand", [move("moved", 1), move("moved", 2), move("moved", 1)], 1, [2, 1]],
  ["removed", [move("moved", 1), move("removed", null)], null, [1]],
  ["a history that begins later than the alias", [], 4, []],
])("where an alias was before: %s", (_, moves, current, places) => {
  expect(placesBefore(moves, current)).toEqual(places);
});

test("rolling back as often as an alias was moved leads to its first version", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 10 }), (versions) => {
      const moves = versions.map((version) => move("moved", version));
      let current = versions.at(-1)!;
      for (let i = 1; i < versions.length; i++) {
        current = placesBefore(moves, current)[0]!;
        moves.push(move("rolled_back", current));
      }
      expect(current).toBe(versions[0]);
      expect(placesBefore(moves, current)).toEqual([]);
    }),
  );
});

async function send({ server }: Protocol, method: "PUT" | "POST" | "DELETE", path: string, body?: object) {
  const answer = await server.inject({ method, url: `/api/registry/models/mill${path}`, ...(body ? { headers: { "content-type": "application/json" }, payload: JSON.stringify(body) } : {}) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

/** Three versions, of which the alias champion pointed at each in turn. */
async function threeVersions(): Promise<Protocol & { readonly heard: unknown[] }> {
  const protocol = await openProtocol();
  for (const run of ["p1", "p2", "p3"]) await registerVersion(protocol.house.db, newVersion("mill", run));
  for (const version of [1, 2, 3]) await send(protocol, "PUT", "/aliases/champion", { version, reason: `version ${version} is next` });
  const heard: unknown[] = [];
  protocol.house.events.on("registry.alias_moved", ({ payload }) => void heard.push(payload));
  return { ...protocol, heard };
}

describe("rollback", () => {
  test("goes back place by place, is told, and says that the traffic is another matter", async () => {
    const protocol = await threeVersions();
    await holdVersions(protocol.house.db, "mill", "deployment", [3]);
    const first = await send(protocol, "POST", "/aliases/champion/rollback", { reason: "errors at night" });
    expect(first).toMatchObject({ status: 200, body: { from: 3, to: 2, skipped: [], inUse: { deployment: [3] }, note: expect.stringContaining("The traffic did not change: the deployment answers with version 3") } });
    expect(protocol.heard).toEqual([{ model: "mill", alias: "champion", from: 3, to: 2, kind: "rolled_back", actor: "local", reason: "errors at night" }]);
    expect((await send(protocol, "POST", "/aliases/champion/rollback", { reason: "still" })).body).toMatchObject({ from: 2, to: 1 });
    expect(await send(protocol, "POST", "/aliases/champion/rollback", { reason: "more" })).toMatchObject({ status: 409, body: { error: { code: "registry.nothing_before" } } });
    const { body } = await protocol.get("/api/registry/models/mill/aliases");
    expect((body.moves as AliasMove[]).map(({ kind, version, reason }) => [kind, version, reason])).toEqual([
      ["rolled_back", 1, "still"],
      ["rolled_back", 2, "errors at night"],
      ["moved", 3, "version 3 is next"],
      ["moved", 2, "version 2 is next"],
      ["moved", 1, "version 1 is next"],
    ]);
  });

  test("passes over what was deleted, and brings back what was removed", async () => {
    const protocol = await threeVersions();
    await send(protocol, "DELETE", "/versions/2");
    expect((await send(protocol, "POST", "/aliases/champion/rollback", { reason: "r" })).body).toMatchObject({ from: 3, to: 1, skipped: [2] });
    await send(protocol, "DELETE", "/aliases/champion?reason=none");
    expect((await send(protocol, "POST", "/aliases/champion/rollback", { reason: "r" })).body).toMatchObject({ from: null, to: 1 });
  });

  test("heeds the policy, and needs a reason", async () => {
    const protocol = await threeVersions();
    await send(protocol, "PUT", "/aliases/champion/policy", { requires: ["description"] });
    expect(await send(protocol, "POST", "/aliases/champion/rollback", { reason: "r" })).toMatchObject({ status: 403, body: { error: { code: "registry.policy" } } });
    expect((await send(protocol, "POST", "/aliases/champion/rollback", {})).status).toBe(400);
    expect(protocol.heard).toEqual([]);
  });
});

describe("policies", () => {
  const with3 = (low: number, high: number) => newVersion("mill", `with ${low}`, { metrics: { rmse: { value: (low + high) / 2, low, high } } });

  test.each([
    ["better", 0.5, 1, 200],
    ["not shown to be worse", 2, 4, 200],
    ["worse", 3.1, 4, 403],
  ])("better-than-current: a version that is %s", async (_, low, high, status) => {
    const protocol = await threeVersions();
    expect((await send(protocol, "PUT", "/aliases/champion/policy", { requires: ["better-than-current"] })).body).toEqual({ alias: "champion", requires: ["better-than-current"] });
    const { version } = await registerVersion(protocol.house.db, with3(low, high));
    expect((await send(protocol, "PUT", "/aliases/champion", { version })).status).toBe(status);
  });

  test("evaluated and signature: of a client's version its run and its MLmodel say it", async () => {
    const protocol = await openProtocol();
    const { post, server } = protocol;
    const { run } = (await post("runs/create", { experiment_id: "0" })).body as { run: { info: { run_id: string } } };
    await post("registered-models/create", { name: "mill" });
    await post("model-versions/create", { name: "mill", source: `mlflow-artifacts:/0/${run.info.run_id}/artifacts`, run_id: run.info.run_id });
    await send(protocol, "PUT", "/aliases/champion/policy", { requires: ["evaluated", "signature"] });
    const refused = await send(protocol, "PUT", "/aliases/champion", { version: 1 });
    expect(refused.body.error.message).toMatch(/it has metrics.*it has a signature/);
    await post("runs/log-metric", { run_id: run.info.run_id, key: "rmse", value: 1, timestamp: 1, step: 0 });
    expect((await send(protocol, "PUT", "/aliases/champion", { version: 1 })).body.error.message).not.toMatch(/it has metrics/);
    await server.inject({ method: "PUT", url: `/api/2.0/mlflow-artifacts/artifacts/0/${run.info.run_id}/artifacts/MLmodel`, headers: { "content-type": "application/octet-stream" }, payload: `flavors: {a: {}}\nsignature: {inputs: '[{"type": "double"}]'}` });
    expect((await post("registered-models/alias", { name: "mill", alias: "champion", version: "1" })).status).toBe(200);
  });

  test("a requirement that is none is refused, with those there are", async () => {
    const protocol = await threeVersions();
    expect(await send(protocol, "PUT", "/aliases/champion/policy", { requires: ["luck"] })).toMatchObject({ status: 400, body: { error: { code: "registry.bad_requirement", message: expect.stringContaining("gate, description, evaluated") } } });
  });
});
