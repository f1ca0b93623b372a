import { expect, test } from "vitest";
import { performanceText } from "./commands.ts";

test.each([
  [{ threshold: null, max: null }, "a rise, 0.1 false alarms in 365 windows"],
  [{ threshold: null, falseAlarms: 1, max: 60 }, "a rise, 1 false alarms in 365 windows; above 60"],
  [{ threshold: 2.5, max: null }, "CUSUM > 2.5"],
  [{ threshold: 2.5, max: 0 }, "CUSUM > 2.5; above 0"],
])("an alarm by %j reads %s", (performance, words) => expect(performanceText({ slack: 0.1, slip: 0.1, ...performance })).toBe(words));
