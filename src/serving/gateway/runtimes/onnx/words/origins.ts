import type { GraphDefinition, NodeDefinition } from "../rows/definition.ts";

/** One column of an input. */
export interface Column {
  readonly input: string;
  readonly at: number;
}

/** What a value of a graph is made of: the columns of inputs side by side, unchanged; or all columns of an input of which it is not known how many there are. */
type Origin = readonly Column[] | string;

/** An operator by its name; those of classical models begin with `ml.`. */
export const operatorOf = ({ domain, operator }: NodeDefinition): string => (domain === "ai.onnx.ml" ? `ml.${operator}` : domain === "" ? operator : `${domain}.${operator}`);

const same = new Set(["Identity", "Cast"]);
/** They keep a column alone one. */
const reshaping = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** The values of a graph that are columns of its inputs as they came, by name. Nodes stand in an order in which each comes after what it needs (ONNX demands it). */
export function originsIn({ nodes, constants, inputs }: GraphDefinition): ReadonlyMap<string, Origin> {
  const values = new Map(constants.map((constant) => [constant.name, constant]));
  const origins = new Map<string, Origin>();
  for (const { name, shape } of inputs) {
    if (values.has(name)) continue;
    const width = shape === undefined ? -1 : shape.length === 1 ? 1 : shape.length !== 2 ? 0 : typeof shape[1] === "number" ? shape[1] : -1;
    if (width !== 0) origins.set(name, width < 0 ? name : Array.from({ length: width }, (_, at) => ({ input: name, at })));
  }
  const indexes = (name: string | undefined) => (name === undefined ? undefined : values.get(name)?.values);
  for (const node of nodes) {
    const [data, second] = node.inputs;
    const from = origins.get(data);
    const operator = operatorOf(node);
    const axis = node.attributes.get("axis")?.int;
    if (operator === "Concat") put(origins, node, axis === 1 || axis === -1 ? concatenated(node, origins) : undefined);
    else if (from === undefined) continue;
    else if (same.has(operator)) put(origins, node, from);
    else if (reshaping.has(operator)) put(origins, node, from.length === 1 && typeof from !== "string" ? from : undefined);
    else if (operator === "ml.ArrayFeatureExtractor" || (operator === "Gather" && axis === 1)) put(origins, node, selected(from, indexes(second)));
    else if (operator === "Split" && axis === 1 && typeof from !== "string" && node.outputs.length === from.length) {
      for (const [at, output] of node.outputs.entries()) origins.set(output, [from[at]]);
    }
  }
  return origins;
}

function put(origins: Map<string, Origin>, { outputs }: NodeDefinition, origin: Origin | undefined): void {
  if (origin !== undefined) origins.set(outputs[0], origin);
}

function concatenated({ inputs }: NodeDefinition, origins: ReadonlyMap<string, Origin>): Origin | undefined {
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
