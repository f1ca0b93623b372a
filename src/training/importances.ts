import { columnsOf } from "./columns.ts";
import type { Signature } from "./types.ts";

/**
 * What each column that the algorithm sees adds, as shares of the features: the parts of a point in time count for it, and of the days between two for both.
 * They sum to 1 unless all are 0.
 */
export function sharesByFeature(signature: Signature, amounts: ArrayLike<number>): Record<string, number> {
  const shares = new Map(signature.features.map(({ name }) => [name, 0]));
  let total = 0;
  for (const [index, { name, from }] of columnsOf(signature).entries()) {
    const features = from === undefined ? [name] : "part" in from ? [from.feature] : [from.feature, from.since];
    for (const feature of features) shares.set(feature, shares.get(feature)! + amounts[index] / features.length);
    total += amounts[index];
  }
  return Object.fromEntries([...shares].map(([feature, share]) => [feature, total > 0 ? share / total : 0]));
}
