import { expect, test } from "vitest";
import type { ScheduledModel } from "./backtest-step.ts";
import { bestSchedule } from "./best-schedule.ts";

/** Models of periods 0, 2 and 4 of six; each is good for two periods. */
const models: readonly ScheduledModel[] = [
  { period: 0, losses: [1, 1, 9, 9, 9, 9] },
  { period: 2, losses: [1, 1, 9, 9] },
  { period: 2, losses: [3, 3, 3, 3] },
  { period: 4, losses: [1, 1] },
];

test.each<[string, number, { loss: number; trainings: number }]>([
  ["retrains whenever it helps, where that costs nothing", 0, { loss: 6, trainings: 2 }],
  ["once, by a model that lasts, where a training costs more than it saves", 10, { loss: 14, trainings: 1 }],
  ["never, where a training costs more than all", 100, { loss: 38, trainings: 0 }],
])("the best schedule %s", (_, price, expected) => expect(bestSchedule(models, 6, price)).toEqual(expected));

test("is as good as the best of all schedules, tried one by one", () => {
  const losses = [[5, 4, 8, 7, 9], [2, 6, 3, 9], [4, 1, 5], [2, 2], [7]];
  const all = losses.map((own, period): ScheduledModel => ({ period, losses: own }));
  const price = 1.5;
  let least = Number.POSITIVE_INFINITY;
  for (let chosen = 0; chosen < 16; chosen++) {
    const starts = [0, ...[1, 2, 3, 4].filter((period) => (chosen & (1 << (period - 1))) !== 0)];
    const cost = starts.reduce((sum, start, i) => sum + losses[start].slice(0, (starts[i + 1] ?? 5) - start).reduce((a, b) => a + b, 0), 0) + price * (starts.length - 1);
    least = Math.min(least, cost);
  }
  const { loss, trainings } = bestSchedule(all, 5, price);
  expect(loss + price * trainings).toBeCloseTo(least, 12);
});
