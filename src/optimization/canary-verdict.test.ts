import { expect, test } from "vitest";
import { canaryVerdict } from "./canary-verdict.ts";

const rollout = { championVersion: 1, challengerVersion: 2, startedAt: Date.UTC(2024, 2, 6) };

test.each<[string, { labels: number; difference?: number; low?: number; high?: number; timeIsUp?: boolean }, RegExp | undefined]>([
  ["goes on while nothing is sure", { labels: 100, low: -1 }, undefined],
  ["goes on with an interval above 0 on too few labels", { labels: 23 }, undefined],
  ["is promoted once the interval lies above 0", { labels: 24 }, /^promoted: live rmse of version 2 was 3\.000 against 4\.000 of version 1 on the same 24 labelled requests since 2024-03-06 \(the interval of the paired difference leaves 0 out\): version 2 takes all traffic$/],
  ["is rolled back once it lies below", { labels: 24, difference: -1, low: -2, high: -0.1 }, /^rolled_back: .*leaves 0 out\): version 2 is rolled back$/],
  ["is decided by the mean when time is up", { labels: 24, low: -1, timeIsUp: true }, /^promoted: .*\(time is up, the better mean decides\)/],
  ["is not judged without labels", { labels: 0, difference: 0, low: -Number.MAX_VALUE, high: Number.MAX_VALUE, timeIsUp: true }, /^rolled_back: version 2 is not judged: time is up, and labels came for 0 of the requests since 2024-03-06, where judging takes 24 \(deploy\.min_labels\); version 1 keeps the traffic$/],
  ["is not judged on too few", { labels: 23, timeIsUp: true }, /^rolled_back: version 2 is not judged: .* came for 23 of/],
])("a canary %s", (_, { timeIsUp = false, ...given }, expected) => {
  const evidence = { championLoss: 4, challengerLoss: 3, difference: 1, low: 0.1, high: 2, ...given };
  const verdict = canaryVerdict(rollout, evidence, { loss: "rmse", minLabels: 24, timeIsUp });
  if (expected) expect(`${verdict?.state}: ${verdict?.reason}`).toMatch(expected);
  else expect(verdict).toBeUndefined();
});
