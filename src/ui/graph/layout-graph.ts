import { graphlib, layout } from "@dagrejs/dagre";
import type { GraphEdge, GraphNode } from "./graph-types.ts";

export const nodeWidth = 176;
export const nodeHeight = 58;

export interface Placed {
  /** Top left corner of each node. */
  readonly positions: ReadonlyMap<string, { readonly x: number; readonly y: number }>;
  /** The way of each edge as an SVG path, round the nodes between; keyed by `from to`. */
  readonly paths: ReadonlyMap<string, string>;
  readonly height: number;
}

/** Where the nodes of a directed graph stand, in layers along its edges (dagre), left to right or top to bottom. */
export function layoutGraph(nodes: readonly Pick<GraphNode, "id">[], edges: readonly GraphEdge[], direction: "LR" | "TB"): Placed {
  const graph = new graphlib.Graph().setGraph({ rankdir: direction, nodesep: 20, ranksep: direction === "LR" ? 54 : 24, marginx: 8, marginy: 8 }).setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: nodeWidth, height: nodeHeight });
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  const positions = new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: x - nodeWidth / 2, y: y - nodeHeight / 2 }];
    }),
  );
  const paths = new Map(edges.map(({ from, to }) => [`${from} ${to}`, smoothPath((graph.edge(from, to) as { points: readonly Point[] }).points)]));
  const { height = 0 } = graph.graph() as { height?: number };
  return { positions, paths, height };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A smooth line: straight to the first midpoint, then curves through all midpoints with the points between as handles. */
export function smoothPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return "";
  const middles = rest.slice(0, -1).map((point, index) => ({ handle: point, end: index === rest.length - 2 ? last : { x: (point.x + rest[index + 1].x) / 2, y: (point.y + rest[index + 1].y) / 2 } }));
  const curves = middles.map(({ handle, end }) => `Q${round(handle)} ${round(end)}`).join("");
  return `M${round(first)}${curves || `L${round(last)}`}`;
}

const round = ({ x, y }: Point): string => `${Math.round(x)},${Math.round(y)}`;
