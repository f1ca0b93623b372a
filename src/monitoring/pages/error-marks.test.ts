import { expect, test } from "vitest";
import { alarmLine } from "./error-marks.ts";

const alarms = [
  { metric: "mae", changedAt: 3, raisedAt: 5, before: 10, since: 20 },
  { metric: "mae", changedAt: 8, raisedAt: 9, before: 11, since: 30 },
];

test("the line is at the level before until the loss rose, above it until the alarm, and nowhere after the last", () => {
  expect(alarmLine([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "mae", alarms)).toEqual([10, 10, 20, 20, 20, 11, 11, 30, 30, null]);
  expect(alarmLine([1], "rmse", alarms)).toEqual([null]);
  expect(alarmLine([1], "mae", [])).toEqual([null]);
});
