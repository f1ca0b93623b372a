import { expect, test } from "vitest";
import { lineageGraph } from "./lineage-nodes.ts";

test("each thing is drawn once, links to its page, and the subject links nowhere", () => {
  const dataset = { kind: "dataset_version", id: "f".repeat(64) };
  const run = { kind: "run", id: "m-first" };
  const version = { kind: "model_version", id: "m/3" };
  const { nodes, edges } = lineageGraph(
    [
      { from: dataset, to: run, role: "trained_on" },
      { from: run, to: version, role: "produced" },
    ],
    "m/3",
  );
  expect(nodes.map(({ title, subtitle, to }) => [title, subtitle, to])).toEqual([
    ["ffffffffffff", "dataset version", `/data/${"f".repeat(64)}`],
    ["first", "run", "/runs/m-first"],
    ["version 3", "model version", undefined],
  ]);
  expect(edges.map(({ from, to }) => [from, to])).toEqual([
    [nodes[0].id, nodes[1].id],
    [nodes[1].id, nodes[2].id],
  ]);
});
