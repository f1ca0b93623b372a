import type { LineageEdge, LineageNode } from "../../tracking/types.ts";
import { shortId } from "../../ui/format.ts";
import type { GraphEdge, GraphNode } from "../../ui/graph/graph-types.ts";
import type { Tone } from "../../ui/tone.ts";

interface Kind {
  readonly name: string;
  readonly tone: Tone;
  readonly path: (id: string) => string;
}

const kinds: Readonly<Record<string, Kind>> = {
  dataset_version: { name: "dataset version", tone: "plum", path: (id) => `/data/${id}` },
  run: { name: "run", tone: "water", path: (id) => `/runs/${encodeURIComponent(id)}` },
  pipeline_run: { name: "pipeline run", tone: "quiet", path: (id) => `/pipelines/${encodeURIComponent(id)}` },
  model_version: { name: "model version", tone: "good", path: (id) => `/models/${id.split("/").map(encodeURIComponent).join("/")}` },
};

/** The lineage of a thing as a graph: each thing once, with its page; the thing itself bears no link. */
export function lineageGraph(edges: readonly LineageEdge[], subject: string): { readonly nodes: GraphNode[]; readonly edges: GraphEdge[] } {
  const idOf = (node: LineageNode): string => `${node.kind} ${node.id}`;
  const all = new Map(edges.flatMap((edge) => [edge.from, edge.to]).map((node) => [idOf(node), node]));
  return {
    nodes: [...all.entries()].map(([id, node]) => {
      const kind = kinds[node.kind];
      return {
        id,
        title: node.kind === "model_version" ? node.id.replace(/.*\//, "version ") : shortId(node.id).replace(`${subject.split("/")[0]}-`, ""),
        subtitle: kind?.name ?? node.kind.replaceAll("_", " "),
        tone: kind?.tone ?? "quiet",
        ...(kind && node.id !== subject ? { to: kind.path(node.id) } : {}),
      };
    }),
    edges: edges.map((edge) => ({ from: idOf(edge.from), to: idOf(edge.to), label: edge.role })),
  };
}
