import { expect, test } from "vitest";
import { compareRuns, dimensionsOf, extent, placeName } from "./comparison.ts";
import type { RunDetails } from "./run-details.ts";

const run = (params: Record<string, string>, metrics: Record<string, number | "NaN">): RunDetails =>
  ({
    params: Object.entries(params).map(([key, value]) => ({ key, value })),
    metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, step: 0, time: 0 })),
    tags: [{ key: "mlflow.user", value: "me" }, { key: "team", value: "mill" }],
  }) as unknown as RunDetails;

const runs = [run({ depth: "3", kind: "tree", seed: "1" }, { rmse: 2 }), run({ depth: "10", kind: "line", seed: "1" }, { rmse: "NaN", mae: 1 })];

test("what runs have stands side by side, and says where they differ", () =>
  expect(compareRuns(runs).map(({ kind, key, values, differs }) => [kind, key, values, differs])).toEqual([
    ["param", "depth", ["3", "10"], true],
    ["param", "kind", ["tree", "line"], true],
    ["param", "seed", ["1", "1"], false],
    ["metric", "mae", [null, "1"], true],
    ["metric", "rmse", ["2", "NaN"], true],
    ["tag", "team", ["mill", "mill"], false],
  ]));

test("axes are numbers where all are, words where not, and nothing that is one place", () => {
  const dimensions = dimensionsOf(compareRuns(runs));
  expect(dimensions.map(({ name, places, words }) => [name, places, words])).toEqual([
    ["param depth", [3, 10], undefined],
    ["param kind", [1, 0], ["line", "tree"]],
  ]);
  expect(extent(dimensions[0])).toEqual([3, 10]);
  expect(dimensions.map((one) => placeName(one, one.places[0], String))).toEqual(["3", "tree"]);
});
