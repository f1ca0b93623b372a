import type { BinnedTable } from "./binned-table.ts";

/** One binary tree over bins. Node 0 is the root; a leaf has `left` −1. */
export interface Tree {
  readonly feature: Int32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** 256 bits per node, in eight words: whether a bin goes left. */
  readonly leftBins: Int32Array;
  /** Loss reduction of the node's split; 0 in leaves. */
  readonly gain: Float64Array;
  /** What a leaf adds to the score. Float32, so that the exported model adds the same. */
  readonly value: Float32Array;
}

/** Whether a bin of the node's feature goes to the left child. */
export const goesLeft = (tree: Tree, node: number, bin: number): boolean =>
  ((tree.leftBins[node * 8 + (bin >> 5)] >>> (bin & 31)) & 1) === 1;

/** Adds the tree's value to the scores of the listed rows of a binned table; without a list, of all its rows. */
export function addTree(tree: Tree, { rows, data }: BinnedTable, scores: Float64Array, listed?: Int32Array): void {
  const { feature, left, right, leftBins, value } = tree;
  const count = listed ? listed.length : rows;
  for (let i = 0; i < count; i++) {
    const row = listed ? listed[i] : i;
    let node = 0;
    let next = left[0];
    while (next >= 0) {
      const bin = data[feature[node] * rows + row];
      node = (leftBins[node * 8 + (bin >> 5)] >>> (bin & 31)) & 1 ? next : right[node];
      next = left[node];
    }
    scores[row] += value[node];
  }
}
