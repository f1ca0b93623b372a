import { expect, test } from "vitest";
import { layoutGraph, nodeHeight, nodeWidth, smoothPath } from "./layout-graph.ts";

const nodes = ["data", "train", "judge", "serve"].map((id) => ({ id }));
const edges = [
  { from: "data", to: "train" },
  { from: "train", to: "judge" },
  { from: "judge", to: "serve" },
  { from: "data", to: "serve" },
];

test.each(["LR", "TB"] as const)("along %s every edge leads onward, no two nodes overlap, every edge has its way", (direction) => {
  const { positions, paths } = layoutGraph(nodes, edges, direction);
  const along = (id: string): number => (direction === "LR" ? positions.get(id)!.x : positions.get(id)!.y);
  for (const { from, to } of edges) expect(along(to)).toBeGreaterThan(along(from));
  for (const a of nodes) {
    for (const b of nodes) {
      if (a === b) continue;
      const [one, other] = [positions.get(a.id)!, positions.get(b.id)!];
      expect(Math.abs(one.x - other.x) >= nodeWidth || Math.abs(one.y - other.y) >= nodeHeight).toBe(true);
    }
  }
  expect([...paths.keys()]).toEqual(edges.map(({ from, to }) => `${from} ${to}`));
});

test("a way through points begins at the first and ends at the last", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 10, y: 20 },
    { x: 30, y: 20 },
  ];
  expect(smoothPath(points)).toBe("M0,0Q10,0 10,10Q10,20 30,20");
  expect(smoothPath(points.slice(0, 2))).toBe("M0,0L10,0");
  expect(smoothPath([])).toBe("");
});
