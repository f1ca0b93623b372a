import { expect, test } from "vitest";
import { timeTicks } from "./time-ticks.ts";

const at = (...days: readonly string[]): number[] => days.map((one) => Date.parse(one) / 1000);

test.each([
  ["months", at("2011-11-01", "2011-12-01", "2012-01-01", "2012-02-01"), 30 * 86_400, ["Nov\n2011", "Dec", "Jan\n2012", "Feb"]],
  ["days", at("2011-03-13", "2011-03-16"), 3 * 86_400, ["13 Mar\n2011", "16 Mar"]],
  ["hours", at("2011-03-13T18:00Z", "2011-03-14T00:00Z"), 6 * 3600, ["18:00\n13 Mar", "00:00\n14 Mar"]],
  ["years", at("2011-01-01", "2012-01-01"), 366 * 86_400, ["2011", "2012"]],
])("%s", (_, ticks, step, labels) => {
  expect(timeTicks(ticks, step)).toEqual(labels);
});
