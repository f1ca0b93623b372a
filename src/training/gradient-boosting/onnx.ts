import { addOutputs, lookUpCategories, modelGraph } from "../onnx/model-graph.ts";
import { columnsOf } from "../columns.ts";
import type { OnnxGraph } from "../onnx/graph.ts";
import type { Signature } from "../types.ts";
import type { CategoryBins, FeatureBins } from "./bins.ts";
import type { Ensemble } from "./boosting.ts";
import { goesLeft } from "./tree.ts";
import type { Tree } from "./tree.ts";

/**
 * The ensemble as one TreeEnsembleRegressor over a matrix of columns: one for each numeric feature, and one for each
 * distinct subset that a categorical feature is split by, looked up by category (0: left, 1: right). With comparisons
 * of one kind only, onnxruntime takes its fast path, and categories route exactly as in training.
 */
export function ensembleToOnnx(signature: Signature, bins: readonly FeatureBins[], ensemble: Ensemble): Uint8Array {
  const graph = modelGraph(signature);
  const columns = new SplitColumns(bins);
  const attributes = treeAttributes(bins, ensemble, columns);
  const matrix = columns.addTo(graph, signature);
  const scores = graph.node("TreeEnsembleRegressor", [matrix], { domain: "ai.onnx.ml", attributes });
  addOutputs(graph, signature, scores);
  return graph.encode("gradient-boosting", signature);
}

/** The columns of the matrix that the trees compare, numbered as the splits ask for them. */
class SplitColumns {
  readonly #bins: readonly FeatureBins[];
  /** Per feature, the columns it contributes: the subset of bins that go left, or "" for the number itself. */
  readonly #subsets: Map<string, readonly number[]>[];
  readonly #requests: { feature: number; key: string }[] = [];

  constructor(bins: readonly FeatureBins[]) {
    this.#bins = bins;
    this.#subsets = bins.map(() => new Map());
  }

  /** Notes what a split compares; `positions` later turns the returned number into a column. */
  request(tree: Tree, node: number): number {
    const feature = tree.feature[node];
    const words = this.#bins[feature].type === "number" ? [] : [...tree.leftBins.subarray(node * 8, node * 8 + 8)];
    this.#subsets[feature].set(words.join(), words);
    return this.#requests.push({ feature, key: words.join() }) - 1;
  }

  /** The column of each request. */
  positions(): Int32Array {
    const starts = new Int32Array(this.#subsets.length);
    for (let f = 1; f < starts.length; f++) starts[f] = starts[f - 1] + this.#subsets[f - 1].size;
    const ranks = this.#subsets.map((subsets) => new Map([...subsets.keys()].map((key, i) => [key, i])));
    return Int32Array.from(this.#requests, ({ feature, key }) => starts[feature] + ranks[feature].get(key)!);
  }

  /** Adds the nodes that make the matrix; returns its name. */
  addTo(graph: OnnxGraph, signature: Signature): string {
    const features = columnsOf(signature);
    const parts = features.flatMap(({ name }, f) =>
      this.#subsets[f].size > 0 ? [this.#addFeature(graph, name, f)] : [],
    );
    // Without any split the matrix still tells the number of rows.
    if (parts.length === 0) parts.push(this.#addFeature(graph, features[0].name, 0));
    return parts.length === 1 ? parts[0] : graph.node("Concat", parts, { attributes: { axis: { int: 1 } } });
  }

  #addFeature(graph: OnnxGraph, name: string, f: number): string {
    const feature = this.#bins[f];
    if (feature.type === "number") return graph.column(name);
    const subsets = this.#subsets[f].size > 0 ? [...this.#subsets[f].values()] : [[0, 0, 0, 0, 0, 0, 0, 0]];
    const { rowOf, binOfRow } = rowsOfBins(feature);
    const table = binOfRow.flatMap((bin) => subsets.map((words) => ((words[bin >> 5] >>> (bin & 31)) & 1 ? 0 : 1)));
    return lookUpCategories(graph, name, rowOf, table, subsets.length);
  }
}

/** Row 0 stands for a missing category, the others for the bins in order. */
function rowsOfBins({ binOf, count }: CategoryBins): { rowOf: Map<string, number>; binOfRow: number[] } {
  const rowOf = new Map([...binOf].map(([category, bin]) => [category, bin + 1]));
  return { rowOf, binOfRow: [count, ...Array.from({ length: count }, (_, bin) => bin)] };
}

function treeAttributes(bins: readonly FeatureBins[], { base, trees }: Ensemble, columns: SplitColumns) {
  const nodes = {
    tree: [] as number[],
    id: [] as number[],
    mode: [] as string[],
    request: [] as number[],
    value: [] as number[],
    left: [] as number[],
    right: [] as number[],
    missingLeft: [] as number[],
  };
  const leaves = { tree: [] as number[], id: [] as number[], output: [] as number[], weight: [] as number[] };
  trees.flat().forEach((tree, t) => {
    for (let node = 0; node < tree.left.length; node++) {
      const isLeaf = tree.left[node] < 0;
      const feature = bins[tree.feature[node]];
      nodes.tree.push(t);
      nodes.id.push(node);
      nodes.mode.push(isLeaf ? "LEAF" : "BRANCH_LEQ");
      nodes.request.push(isLeaf ? -1 : columns.request(tree, node));
      nodes.value.push(isLeaf ? 0 : thresholdOf(tree, node, feature));
      nodes.left.push(isLeaf ? 0 : tree.left[node]);
      nodes.right.push(isLeaf ? 0 : tree.right[node]);
      nodes.missingLeft.push(!isLeaf && feature.type === "number" && goesLeft(tree, node, feature.count) ? 1 : 0);
      if (!isLeaf) continue;
      leaves.tree.push(t);
      leaves.id.push(node);
      leaves.output.push(t % base.length);
      leaves.weight.push(tree.value[node]);
    }
  });
  const positions = columns.positions();
  return {
    n_targets: { int: base.length },
    base_values: { floats: base },
    nodes_treeids: { ints: nodes.tree },
    nodes_nodeids: { ints: nodes.id },
    nodes_modes: { strings: nodes.mode },
    nodes_featureids: { ints: nodes.request.map((request) => (request < 0 ? 0 : positions[request])) },
    nodes_values: { floats: nodes.value },
    nodes_truenodeids: { ints: nodes.left },
    nodes_falsenodeids: { ints: nodes.right },
    nodes_missing_value_tracks_true: { ints: nodes.missingLeft },
    target_treeids: { ints: leaves.tree },
    target_nodeids: { ints: leaves.id },
    target_ids: { ints: leaves.output },
    target_weights: { floats: leaves.weight },
  };
}

/** The bins of a numeric feature that go left are the first ones; the edge of the last of them is the threshold. */
function thresholdOf(tree: Tree, node: number, feature: FeatureBins): number {
  if (feature.type === "category") return 0.5;
  let last = 0;
  while (last + 1 < feature.count && goesLeft(tree, node, last + 1)) last++;
  return last < feature.edges.length ? feature.edges[last] : Infinity;
}
