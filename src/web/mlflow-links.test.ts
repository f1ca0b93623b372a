import { expect, test } from "vitest";
import { pageOfMlflowLink } from "./mlflow-links.ts";

test.each([
  ["#/experiments/1", "/experiments/1"],
  ["#/experiments/1/runs/ab12", "/runs/ab12"],
  ["#/experiments/1/runs/ab12/artifacts?x=1", "/runs/ab12"],
  ["#/experiments/1?searchFilter=x", "/experiments/1"],
  ["#/experiments/1/traces", "/traces?experiment=1"],
  ["#/experiments/1/traces?o=1&selectedEvaluationId=tr-ab", "/traces/tr-ab"],
  ["#main", undefined],
  ["", undefined],
  ["#/models/x", undefined],
])("%s leads to %s", (hash, page) => expect(pageOfMlflowLink(hash)).toBe(page));
