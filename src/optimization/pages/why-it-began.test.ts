import { expect, test } from "vitest";
import type { Decision } from "../types.ts";
import { whyItBegan } from "./why-it-began.ts";

const alarm = (evidence: Record<string, unknown>): Decision => ({ id: "m/1/alarm", endpoint: "m", time: 1, kind: "alarm", reason: "because", evidence, pipelineRunId: null });
const told = (evidence: Record<string, unknown>): string[] => whyItBegan(alarm(evidence)).map(([name, value]) => `${name}: ${value.replaceAll("\u00a0", " ")}`);

test.each<[string, Record<string, unknown>, string[]]>([
  ["a rise", { kind: "performance", loss: "rmse", before: 20, since: 30, deviate: 5.25, labels: 48, changedAt: Date.UTC(2011, 3, 2), again: true }, ["Live loss: 20 → 30 (50 % more)", "Since: 2011-04-02", "Labels since: 48", "Standard errors: 5.25", "Tried before: yes, with half as many labels or fewer"]],
  ["a rise from nothing", { before: 0, since: 1, labels: 5 }, ["Live loss: 0 → 1", "Labels since: 5"]],
  ["data that pay", { rows: 1574, unseen: 306, before: 1268, interval: 6.497, waited: 7, cost: 0.05 }, ["Labelled rows: 1,574", "Not seen by the champion: 306", "At the last attempt: 1,268", "Pays after: 6.5 windows", "Waited: 7 windows"]],
  ["data of before", { rows: 1574, growth: 0.25 }, ["Labelled rows: 1,574", "Growth asked for: 25 %"]],
  ["a CUSUM", { loss: "rmse", reference: 20, cusum: 6.1, threshold: 4, windows: 9 }, ["Expected loss: 20", "CUSUM: 6.1", "Threshold: 4", "Windows: 9"]],
  ["a limit", { loss: "rmse", latest: 120, max: 110 }, ["Live loss: 120", "Limit: 110"]],
  ["drift", { driftedShare: 0.5, features: ["temp"], gaps: ["wind"], prediction: 0.3 }, ["Features that drifted: 50 %", "Features: temp, wind", "Distance of the predictions: 0.3"]],
  ["what is not known", {}, []],
])("%s", (_, evidence, expected) => expect(told(evidence)).toEqual(expected));
