import { formatNumber } from "../../ui/format.ts";
import type { FeatureReference } from "../types.ts";

/** What the bins of a reference hold: up to and including each edge and above the last, or each category and all others. */
export function binNames(reference: FeatureReference): string[] {
  if (reference.type === "category") return [...reference.categories, "all others"];
  const { edges } = reference;
  if (edges.length === 0) return ["all values"];
  return [...edges.map((edge, index) => (index === 0 ? `≤ ${formatNumber(edge)}` : `${formatNumber(edges[index - 1])} to ${formatNumber(edge)}`)), `> ${formatNumber(edges.at(-1))}`];
}
