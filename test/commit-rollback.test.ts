import { expect, test } from "vitest";
import { beginRollout } from "../src/optimization/canary.ts";
import type { Choice } from "../src/optimization/candidates/choose-step.ts";
import type { MonitorConfig } from "../src/monitoring/types.ts";
import { latestRollout, readDecisions } from "../src/optimization/store.ts";
import type { Loop } from "../src/optimization/types.ts";
import { resolveAlias } from "../src/registry/aliases.ts";
import { readMoves } from "../src/registry/alias-moves.ts";
import { versionRow } from "../src/registry/versions.ts";
import { readDeployment } from "../src/serving/serving.ts";
import { readAudit } from "../src/storage/audit.ts";
import { champion, openDeployments } from "./open-deployments.ts";

const [first, second] = ["3f2a91c0".padEnd(40, "0"), "3f2b0000".padEnd(40, "1")];

/** A model with a version of each commit, the second one deployed. */
async function open() {
  const world = await openDeployments({ commits: [first, second] });
  await world.ask("PUT", "trips", { reason: "second", variants: [champion(2)] });
  const rollBack = async (commit: string, model = "trips") => world.call("POST", `/api/optimization/models/${model}/rollback`, { commit, reason: "errors at night" });
  return { ...world, rollBack };
}

test("the version of a commit answers, and is the champion; again there is nothing to change", async () => {
  const { rollBack, price, house } = await open();
  expect(await price()).toBe(1013);
  expect(await rollBack("3f2a")).toEqual({ status: 200, body: { version: 1, commit: first, dirty: null, before: null, changed: true } });
  expect([await price(), (await resolveAlias(house.db, "trips", "champion"))?.version]).toEqual([13, 1]);
  expect((await readAudit(house.db, { object: "deployment/trips" }))[0]).toMatchObject({ action: "serving.deployment_changed", reason: "errors at night" });
  expect((await rollBack(first.toUpperCase())).body).toMatchObject({ version: 1, before: 1, changed: false });
  expect((await rollBack("3f2b")).body).toMatchObject({ version: 2, before: 1, changed: true });
  const { modelId } = await versionRow(house.db, "trips", 1);
  expect((await readMoves(house.db, modelId, "champion")).map(({ kind, version }) => [kind, version])).toEqual([["rolled_back", 1], ["rolled_back", 2]]);
});

test("a canary ends with it", async () => {
  const { rollBack, price, house, ask } = await open();
  await ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  const choice: Choice = { yardstick: 30, championLoss: 2, changedAt: null, candidates: [], belief: null, gain: 0, from: null, archived: null, fits: 3 };
  await beginRollout(house, { endpoint: "trips", project: { deploy: { strategy: "canary", share: 0.1 } } } as Loop, {} as MonitorConfig, { champion: 1, challenger: 2, choice }, 2000, "run");
  expect((await readDeployment(house, "trips"))?.variants.length).toBe(2);
  expect((await rollBack("3f2a")).status).toBe(200);
  expect([(await readDeployment(house, "trips"))?.variants, await price()]).toEqual([[{ name: "champion", version: 1, weight: 1, shadow: false }], 13]);
  expect([(await latestRollout(house.db, "trips"))?.state, (await resolveAlias(house.db, "trips", "challenger"))?.version]).toEqual(["rolled_back", undefined]);
  expect((await readDecisions(house.db, "trips")).map(({ kind }) => kind)).toEqual(["canary_started", "rolled_back"]);
});

test.each([
  ["of no version", "abcd", "trips", 404, /No version of trips was made by commit abcd; known: 3f2b00001111 \(version 2\), 3f2a91c00000 \(version 1\)/],
  ["that several begin with", "3f2", "trips", 400, /"3f2" is no commit/],
  ["that is none", "HEAD", "trips", 400, /"HEAD" is no commit/],
  ["of a model that is not there", "3f2a", "others", 404, /no version of a model "others"/],
])("a commit %s is refused with what would be right, and nothing changes", async (_, commit, model, status, message) => {
  const { rollBack, price } = await open();
  const answer = await rollBack(commit, model);
  expect([answer.status, answer.body.error.message]).toEqual([status, expect.stringMatching(message)]);
  expect(await price()).toBe(1013);
});

test("digits that begin two commits are refused", async () => {
  const world = await openDeployments({ commits: ["abcd1".padEnd(40, "0"), "abcd2".padEnd(40, "0")] });
  await world.ask("PUT", "trips", { reason: "first", variants: [champion(1)] });
  const answer = await world.call("POST", "/api/optimization/models/trips/rollback", { commit: "abcd", reason: "x" });
  expect([answer.status, answer.body.error.code]).toEqual([409, "registry.commit_ambiguous"]);
});
