import { expect, test } from "vitest";
import { monitor, openMonitoredHouse } from "../monitoring/fixtures/open-monitored-house.ts";
import { registerVersion, type NewTrainedVersion } from "../registry/registry.ts";
import { expectation, nextReference } from "./expectation.ts";
import { optimizationMigrations, readDecisions, recordDecision } from "./store.ts";
import type { Decision, Loop } from "./types.ts";

type Settled = Pick<Decision, "kind" | "time" | "evidence">;

/** A loop whose versions 1, 2, 3 showed these losses in their evaluations, and what has been decided since. */
async function settled(losses: readonly number[], decisions: readonly Settled[]) {
  const house = await openMonitoredHouse();
  for (const migration of optimizationMigrations) await house.db.transaction().execute((transaction) => migration.up(transaction as never));
  for (const [i, value] of losses.entries()) {
    const version = { model: "bikes", createdAt: i, createdBy: "test", runId: `run-${i}`, pipelineRunId: `run-${i}`, datasetVersion: "d", artifact: { sha256: "0".repeat(64), size: 1 }, metrics: { rmse: { value, low: value, high: value } }, trigger: "test" };
    await registerVersion(house.db, version as unknown as NewTrainedVersion);
  }
  for (const decision of decisions) await recordDecision(house.db, { endpoint: "bikes", reason: "test", pipelineRunId: null, ...decision });
  return { house, loop: { endpoint: "bikes", startedAt: 5 } as Loop };
}

const rejected = (time: number, championLoss?: number): Settled => ({ kind: "gate_rejected", time, evidence: championLoss === undefined ? {} : { championLoss } });
const promoted = (time: number, reference: number): Settled => ({ kind: "promoted", time, evidence: { reference } });

test.each<[string, number[], Settled[], number, { reference: number; since: number }]>([
  ["at first: what the evaluation showed, from the beginning", [40], [], 1, { reference: 40, since: 5 }],
  ["after a promotion: what was written then", [40, 90], [promoted(100, 44)], 2, { reference: 44, since: 100 }],
  ["after a retraining that did not better it: its loss of that time", [40], [rejected(200, 70)], 1, { reference: 70, since: 200 }],
  ["the higher of the two counts", [40], [rejected(200, 30)], 1, { reference: 40, since: 200 }],
  ["a rollback is a retraining that did not better it", [40, 50], [{ kind: "rolled_back", time: 300, evidence: { championLoss: 60 } }], 1, { reference: 60, since: 300 }],
  ["a refusal without a comparison changes nothing but the time", [40], [rejected(200)], 1, { reference: 40, since: 200 }],
  ["the latest word counts", [40, 45], [rejected(200, 90), promoted(300, 45)], 2, { reference: 45, since: 300 }],
  ["an alarm settles nothing", [40], [{ kind: "alarm", time: 400, evidence: {} }], 1, { reference: 40, since: 5 }],
])("what a champion is held to: %s", async (_, losses, decisions, champion, expected) => {
  const { house, loop } = await settled(losses, decisions);
  expect(await expectation(house, loop, monitor(), champion)).toEqual(expected);
});

test.each([
  [50, 44],
  [42, 42],
  [30, 30],
])("a challenger that showed %d is held to %d after a champion held to 40, with a slip of 10 %", async (loss, expected) => {
  const { house, loop } = await settled([40, loss], []);
  expect(await nextReference(house, loop, monitor(), 1, 2)).toBeCloseTo(expected, 10);
});

test("a decision is written once, however often its turn is done", async () => {
  const { house } = await settled([40], [rejected(200, 70), rejected(200, 99), promoted(200, 1)]);
  expect((await readDecisions(house.db, "bikes")).map((one) => [one.id, one.evidence])).toEqual([
    ["bikes/200/gate_rejected", { championLoss: 70 }],
    ["bikes/200/promoted", { reference: 1 }],
  ]);
});
