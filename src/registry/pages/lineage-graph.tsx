import type { LineageEdge } from "../../tracking/types.ts";
import { LazyGraph } from "../../ui/graph/lazy-graph.tsx";
import { lineageGraph } from "./lineage-nodes.ts";

/** Lineage as a graph, from data to what answers. */
export function LineageGraph({ edges, subject }: { edges: readonly LineageEdge[]; subject: string }) {
  if (edges.length === 0) return <p className="muted">Nothing is recorded.</p>;
  return <LazyGraph label={`Lineage of ${subject}`} {...lineageGraph(edges, subject)} />;
}
