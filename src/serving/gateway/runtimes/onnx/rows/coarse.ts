import type { GraphDefinition, ModelDefinition, NodeDefinition } from "./definition.ts";

const rounding = /^(Dynamic)?Quantize|^QLinear|^QGemm|^QAttention|Integer|NBits$|BnB4$|^QMoE/;
/** ONNX's numbers of FLOAT16 and BFLOAT16. */
const half = new Set([10, 16]);

/** Whether a model rounds on its way: it quantizes, or has weights of half precision. */
export function isCoarse({ graph, functions }: ModelDefinition): boolean {
  return inGraph(graph) || [...functions.values()].some(({ nodes }) => nodes.some(inNode));
}

const inGraph = ({ nodes, constants }: GraphDefinition): boolean => constants.some(({ type }) => half.has(type)) || nodes.some(inNode);

function inNode({ operator, attributes }: NodeDefinition): boolean {
  if (rounding.test(operator)) return true;
  for (const [name, { int, graph, tensor }] of attributes) if ((graph && inGraph(graph)) || (tensor && half.has(tensor.type)) || (name === "to" && int !== undefined && half.has(int))) return true;
  return false;
}
