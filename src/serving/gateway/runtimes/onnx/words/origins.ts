import type { GraphNode, WordGraph } from "./read-graph.ts";

/** One column of an input. */
export interface Column {
  readonly input: string;
  readonly at: number;
}

/** What a value of a graph is made of: the columns of inputs side by side, unchanged; or all columns of an input of which it is not known how many there are. */
export type Origin = readonly Column[] | string;

const same = new Set(["Identity", "Cast"]);
/** They keep a column alone one. */
const reshaping = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** The values of a graph that are columns of its inputs as they came, by name. Nodes stand in an order in which each comes after what it needs (ONNX demands it). */
export function originsIn({ nodes, constants, inputs }: WordGraph): ReadonlyMap<string, Origin> {
  const origins = new Map<string, Origin>();
  for (const { name, shape } of inputs) {
    const width = shape === undefined ? -1 : shape.length === 1 ? 1 : shape.length === 2 ? shape[1] : 0;
    if (width !== 0) origins.set(name, width < 0 ? name : Array.from({ length: width }, (_, at) => ({ input: name, at })));
  }
  const indexes = (name: string | undefined) => (name === undefined ? undefined : constants.get(name)?.numbers);
  for (const node of nodes) {
    const [data, second] = node.inputs;
    const from = origins.get(data);
    if (node.operator === "Concat") put(origins, node, concatenated(node, origins));
    else if (from === undefined) continue;
    else if (same.has(node.operator)) put(origins, node, from);
    else if (reshaping.has(node.operator)) put(origins, node, from.length === 1 && typeof from !== "string" ? from : undefined);
    else if (node.operator === "ai.onnx.ml.ArrayFeatureExtractor") put(origins, node, selected(from, indexes(second)));
    else if (node.operator === "Gather" && node.integers.get("axis") === 1) put(origins, node, selected(from, indexes(second)));
    else if (node.operator === "Split" && node.integers.get("axis") === 1 && typeof from !== "string" && node.outputs.length === from.length) {
      for (const [at, output] of node.outputs.entries()) origins.set(output, [from[at]]);
    }
  }
  return origins;
}

function put(origins: Map<string, Origin>, { outputs }: GraphNode, origin: Origin | undefined): void {
  if (origin !== undefined) origins.set(outputs[0], origin);
}

function concatenated({ inputs, integers }: GraphNode, origins: ReadonlyMap<string, Origin>): Origin | undefined {
  const axis = integers.get("axis");
  if (axis !== 1 && axis !== -1) return undefined;
  const parts: Column[] = [];
  for (const input of inputs) {
    const origin = origins.get(input);
    if (origin === undefined || typeof origin === "string") return undefined;
    parts.push(...origin);
  }
  return parts;
}

function selected(origin: Origin, indexes: readonly number[] | undefined): Origin | undefined {
  if (!indexes) return undefined;
  const columns = indexes.map((at) => (typeof origin === "string" ? (at >= 0 ? { input: origin, at } : undefined) : origin.at(at)));
  return columns.every((column) => column !== undefined) ? columns : undefined;
}
