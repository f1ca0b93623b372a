import type { ColumnEncoder } from "../../runtime.ts";
import type { GraphDefinition, NodeDefinition } from "../rows/definition.ts";
import { operatorOf, originsIn, type Column } from "./origins.ts";

/** Lists of categories by operator (onnx/onnx, docs/Operators-ml.md). */
const categoryLists: Readonly<Record<string, readonly string[]>> = {
  "ml.OneHotEncoder": ["cats_strings", "cats_int64s"],
  "ml.LabelEncoder": ["keys_strings", "keys_int64s"],
  "ml.CategoryMapper": ["cats_strings"],
};

/** Spellings that skl2onnx gives Python's words for a missing value among categories: `None` and `float("nan")`. */
const missingWords = ["None", "nan"];

/**
 * The encoders right behind the inputs of a graph, by input and column. An encoder refuses what it does not know only as `OneHotEncoder` with `zeros` 0; others have
 * a default.
 */
export function encodersIn(graph: GraphDefinition): ReadonlyMap<string, ReadonlyMap<number, ColumnEncoder>> {
  const origins = originsIn(graph);
  const found = new Map<string, Map<number, ColumnEncoder>>();
  for (const node of graph.nodes) {
    const [list] = (categoryLists[operatorOf(node)] ?? []).flatMap((name) => node.attributes.get(name) ?? []);
    const origin = list && origins.get(node.inputs[0]);
    if (!origin || typeof origin === "string" || (!list.texts && !list.ints)) continue;
    for (const column of origin) put(found, column, encoderOf(node, list.texts, list.ints));
  }
  return found;
}

function encoderOf(node: NodeDefinition, texts: readonly string[] | undefined, numbers: readonly number[] | undefined): ColumnEncoder {
  const missing = texts?.includes("") ? undefined : missingWords.find((word) => texts?.includes(word));
  const strict = operatorOf(node) === "ml.OneHotEncoder" && node.attributes.get("zeros")?.int === 0;
  return { known: new Set<string | number>(texts ?? numbers ?? []), strict, ...(missing !== undefined && { missing }) };
}

function put(found: Map<string, Map<number, ColumnEncoder>>, { input, at }: Column, encoder: ColumnEncoder): void {
  const columns = found.get(input) ?? new Map<number, ColumnEncoder>();
  found.set(input, columns.set(at, both(columns.get(at), encoder)));
}

/** Two encoders of one column: each that refuses, refuses; a word for missing is one that both have. */
function both(one: ColumnEncoder | undefined, other: ColumnEncoder): ColumnEncoder {
  if (!one) return other;
  const refusing = [one, other].filter(({ strict }) => strict);
  const known = refusing.length === 1 ? refusing[0].known : new Set([...one.known].filter((value) => other.known.has(value)));
  return { known, strict: refusing.length > 0, ...(one.missing === other.missing && one.missing !== undefined && { missing: one.missing }) };
}
