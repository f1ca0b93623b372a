import type { BinnedTable } from "./binned-table.ts";
import type { FeatureBins } from "./bins.ts";
import { HistogramBuilder, layOutHistogram, newHistogram, subtract } from "./histogram.ts";
import type { HistogramLayout } from "./histogram.ts";
import type { Objective } from "./objective.ts";
import type { GradientBoostingParams } from "./params.ts";
import { findSplit } from "./split.ts";
import type { NodeSums, Split } from "./split.ts";
import type { Tree } from "./tree.ts";

/** A node that can still be split; its rows are `start` to `end` of the grower's row list. */
interface Leaf {
  readonly node: number;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
  readonly sums: NodeSums;
  histogram?: Float64Array;
  split?: Split;
}

/**
 * Grows trees leaf by leaf: always splits the leaf whose split gains most, until `max_leaves`. Its buffers are reused
 * from tree to tree.
 */
export class TreeGrower {
  readonly #table: BinnedTable;
  readonly #bins: readonly FeatureBins[];
  readonly #params: GradientBoostingParams;
  readonly #layout: HistogramLayout;
  readonly #builder: HistogramBuilder;
  readonly #spare: Float64Array[] = [];
  readonly #moved: Int32Array;
  readonly #mostStep: number;
  readonly #leftOf = new Uint8Array(256);

  constructor(
    table: BinnedTable,
    bins: readonly FeatureBins[],
    params: GradientBoostingParams,
    { constantHessian, quadratic }: Objective,
    mostRows: number,
  ) {
    // A quadratic loss is at its least after one step of Newton's, in any unit; others can be overshot.
    this.#mostStep = quadratic ? Infinity : params.max_delta_step;
    this.#table = table;
    this.#bins = bins;
    this.#params = params;
    this.#layout = layOutHistogram(bins, constantHessian);
    this.#builder = new HistogramBuilder(table, this.#layout, mostRows);
    this.#moved = new Int32Array(mostRows);
  }

  /**
   * Fits one tree to the derivatives of the listed rows and adds its values to their scores. Reorders `rows`.
   */
  grow(
    rows: Int32Array,
    features: Int32Array,
    gradients: Float64Array,
    hessians: Float64Array,
    scores: Float64Array,
  ): Tree {
    const { max_leaves: maxLeaves } = this.#params;
    const tree = emptyTree(2 * maxLeaves - 1);
    const root: Leaf = { node: 0, depth: 0, start: 0, end: rows.length, sums: this.#sum(rows, gradients, hessians) };
    const leaves = [root];
    let nodes = 1;
    if (this.#splittable(root)) {
      root.histogram = this.#spare.pop() ?? newHistogram(this.#layout);
      this.#builder.build(root.histogram, features, rows, gradients, hessians);
      this.#search(root, features);
    }
    while (leaves.length < maxLeaves) {
      const at = indexOfBest(leaves);
      if (at < 0) break;
      const parent = leaves[at];
      const [left, right] = this.#split(tree, parent, nodes, rows);
      nodes += 2;
      leaves[at] = left;
      leaves.push(right);
      if (leaves.length < maxLeaves) this.#prepareChildren(parent, left, right, features, rows, gradients, hessians);
      else this.#release(parent);
    }
    for (const leaf of leaves) {
      this.#release(leaf);
      const value = Math.fround(this.#leafValue(leaf.sums));
      tree.value[leaf.node] = value;
      for (let i = leaf.start; i < leaf.end; i++) scores[rows[i]] += value;
    }
    return trimTree(tree, nodes);
  }

  #sum(rows: Int32Array, gradients: Float64Array, hessians: Float64Array): NodeSums {
    let gradient = 0;
    let hessian = 0;
    for (let i = 0; i < rows.length; i++) gradient += gradients[rows[i]];
    if (this.#layout.stride === 3) for (let i = 0; i < rows.length; i++) hessian += hessians[rows[i]];
    else hessian = rows.length;
    return { gradient, hessian, count: rows.length };
  }

  #leafValue({ gradient, hessian }: NodeSums): number {
    const curvature = hessian + this.#params.l2_regularization;
    if (!(curvature > 0)) return 0;
    const step = -gradient / curvature;
    return Math.min(Math.max(step, -this.#mostStep), this.#mostStep) * this.#params.learning_rate;
  }

  #splittable({ depth, start, end }: Leaf): boolean {
    const { max_depth: maxDepth, min_samples_leaf: minSamples } = this.#params;
    return end - start >= 2 * minSamples && (maxDepth === null || depth < maxDepth);
  }

  #search(leaf: Leaf, features: Int32Array): void {
    leaf.split = findSplit(this.#params, this.#bins, this.#layout, leaf.histogram!, leaf.sums, features);
    if (leaf.split.gain <= 0) this.#release(leaf);
  }

  #release(leaf: Leaf): void {
    if (!leaf.histogram) return;
    this.#spare.push(leaf.histogram);
    delete leaf.histogram;
  }

  /** Makes the node an inner one, parts its rows, and returns its children. */
  #split(tree: Tree, { node, depth, start, end, sums, split }: Leaf, next: number, rows: Int32Array): [Leaf, Leaf] {
    const { gain, feature, leftBins, leftGradient, leftHessian, leftCount } = split!;
    tree.feature[node] = feature;
    tree.gain[node] = gain;
    tree.left[node] = next;
    tree.right[node] = next + 1;
    tree.leftBins.set(leftBins, node * 8);
    const middle = this.#part(rows, start, end, feature, leftBins);
    const left = { gradient: leftGradient, hessian: leftHessian, count: leftCount };
    const right = {
      gradient: sums.gradient - leftGradient,
      hessian: sums.hessian - leftHessian,
      count: sums.count - leftCount,
    };
    return [
      { node: next, depth: depth + 1, start, end: middle, sums: left },
      { node: next + 1, depth: depth + 1, start: middle, end, sums: right },
    ];
  }

  /**
   * Moves the rows that go left before the others, keeping the order within both; returns where the right ones begin.
   */
  #part(rows: Int32Array, start: number, end: number, feature: number, leftBins: Int32Array): number {
    const leftOf = this.#leftOf;
    const moved = this.#moved;
    for (let bin = 0; bin < 256; bin++) leftOf[bin] = (leftBins[bin >> 5] >>> (bin & 31)) & 1;
    const column = this.#table.data.subarray(feature * this.#table.rows, (feature + 1) * this.#table.rows);
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i];
      // Both are written and only one position moves on: without a branch there is nothing to mispredict.
      const isLeft = leftOf[column[row]];
      rows[left] = row;
      moved[right] = row;
      left += isLeft;
      right += 1 - isLeft;
    }
    rows.set(moved.subarray(0, right), left);
    return left;
  }

  /**
   * Histograms and best splits of both children: the smaller one's is summed, the other's is what remains of the
   * parent's.
   */
  #prepareChildren(
    parent: Leaf,
    left: Leaf,
    right: Leaf,
    features: Int32Array,
    rows: Int32Array,
    gradients: Float64Array,
    hessians: Float64Array,
  ): void {
    const [small, large] = left.end - left.start <= right.end - right.start ? [left, right] : [right, left];
    if (!this.#splittable(large)) {
      this.#release(parent);
      return;
    }
    small.histogram = this.#spare.pop() ?? newHistogram(this.#layout);
    this.#builder.build(small.histogram, features, rows.subarray(small.start, small.end), gradients, hessians);
    large.histogram = parent.histogram!;
    delete parent.histogram;
    subtract(large.histogram, small.histogram);
    this.#search(large, features);
    if (this.#splittable(small)) this.#search(small, features);
    else this.#release(small);
  }
}

function indexOfBest(leaves: readonly Leaf[]): number {
  let best = -1;
  let highest = 0;
  for (let i = 0; i < leaves.length; i++) {
    const gain = leaves[i].split?.gain ?? 0;
    if (gain <= highest) continue;
    highest = gain;
    best = i;
  }
  return best;
}

const emptyTree = (nodes: number): Tree => ({
  feature: new Int32Array(nodes),
  left: new Int32Array(nodes).fill(-1),
  right: new Int32Array(nodes).fill(-1),
  leftBins: new Int32Array(nodes * 8),
  gain: new Float64Array(nodes),
  value: new Float32Array(nodes),
});

const trimTree = (tree: Tree, nodes: number): Tree => ({
  feature: tree.feature.slice(0, nodes),
  left: tree.left.slice(0, nodes),
  right: tree.right.slice(0, nodes),
  leftBins: tree.leftBins.slice(0, nodes * 8),
  gain: tree.gain.slice(0, nodes),
  value: tree.value.slice(0, nodes),
});
