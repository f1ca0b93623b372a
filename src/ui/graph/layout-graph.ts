import { graphlib, layout } from "@dagrejs/dagre";
import type { GraphEdge, GraphNode } from "./graph-types.ts";

export const nodeWidth = 176;
export const nodeHeight = 58;

export interface Placed {
  /** Top left corner of each node. */
  readonly positions: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  readonly width: number;
  readonly height: number;
}

/** Where the nodes of a directed graph stand, in layers along its edges (dagre), left to right or top to bottom. */
export function layoutGraph(nodes: readonly Pick<GraphNode, "id">[], edges: readonly GraphEdge[], direction: "LR" | "TB"): Placed {
  const graph = new graphlib.Graph().setGraph({ rankdir: direction, nodesep: 22, ranksep: 54, marginx: 8, marginy: 8 }).setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: nodeWidth, height: nodeHeight });
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  const positions = new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: x - nodeWidth / 2, y: y - nodeHeight / 2 }];
    }),
  );
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { positions, width, height };
}
