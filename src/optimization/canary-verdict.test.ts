import { expect, test } from "vitest";
import { canaryVerdict, type Judged } from "./canary-verdict.ts";

const rollout = { championVersion: 1, challengerVersion: 2, startedAt: Date.UTC(2024, 2, 6) };
const goingOn = { regret: 10, gain: 5, price: 1 };
const over = { regret: 1, gain: 0.5, price: 1 };

test.each<[string, Partial<Judged>, { minLabels?: number; timeIsUp?: boolean }, RegExp | undefined]>([
  ["goes on while labels may save more than they cost", {}, {}, undefined],
  ["goes on with too few labels, however sure", { labels: 23, low: 0.1, worth: over }, { minLabels: 24 }, undefined],
  ["goes on without a single label", { labels: 0, worth: over }, {}, undefined],
  ["is promoted when labels cost more than they save", { worth: over }, {}, /^promoted: live rmse of version 2 was 3\.000 against 4\.000 of version 1 on the same 24 labelled requests since 2024-03-06; with the comparison before, version 2 is better with a probability of 97\.7 % \(more labels would cost more than they can save\): version 2 takes all traffic$/],
  ["is rolled back when what is believed is worse", { worth: over, belief: { mean: -1, sd: 0.5 } }, {}, /^rolled_back: .* probability of 2\.3 % .*: version 2 is rolled back$/],
  ["is rolled back once the interval lies below 0, whatever was believed before", { difference: -1, low: -2, high: -0.1 }, {}, /^rolled_back: .*\(the interval of the paired difference leaves 0 out\): version 2 is rolled back$/],
  ["is decided once the interval leaves 0 out", { low: 0.1 }, {}, /^promoted: .*\(the interval of the paired difference leaves 0 out\)/],
  ["goes on while it is not surely better by more than it would lose when the change passes", { low: 0.1, passing: 0.2 }, {}, undefined],
  ["says that a change may pass", { worth: over, passing: 0.2, belief: { mean: -0.1, sd: 0.5 } }, {}, /^rolled_back: .* since 2024-03-06; counting what it would lose when the change passes, and with the comparison before, version 2 is better with a probability of 42\.1 % .*: version 2 is rolled back$/],
  ["is decided when time is up", {}, { timeIsUp: true }, /^promoted: .*\(time is up\)/],
  ["is not judged without labels", { labels: 0 }, { timeIsUp: true }, /^rolled_back: version 2 is not judged: time is up, and labels came for 0 of the requests since 2024-03-06, where judging takes 1 \(deploy\.min_labels\); version 1 keeps the traffic$/],
  ["is not judged on fewer than asked for", { labels: 23 }, { minLabels: 24, timeIsUp: true }, /^rolled_back: version 2 is not judged: .* came for 23 of/],
])("a canary %s", (_, given, { minLabels = 0, timeIsUp = false }, expected) => {
  const judged: Judged = { labels: 24, championLoss: 4, challengerLoss: 3, difference: 1, low: -1, high: 2, belief: { mean: 1, sd: 0.5 }, worth: goingOn, passing: 0, ...given };
  const verdict = canaryVerdict(rollout, judged, { loss: "rmse", minLabels, timeIsUp });
  if (expected) expect(`${verdict?.state}: ${verdict?.reason}`).toMatch(expected);
  else expect(verdict).toBeUndefined();
});
