import { formatNumber } from "../../ui/format.ts";
import type { FeatureReference } from "../types.ts";

/** What the bins of a reference hold: up to and including each edge and above the last, or each category and all others. */
export function binNames(reference: FeatureReference): string[] {
  if (reference.type === "category") return [...reference.categories, "all others"];
  const { edges, shares, discrete } = reference;
  if (edges.length === 0) return ["all values"];
  const text = edges.map((edge) => formatNumber(edge));
  const inner = edges.map((_, index) => {
    // Nothing of the reference lies below its least value, which the float32 next below it stands for.
    if (index === 0) return shares[0] === 0 ? `< ${text[0]}` : `≤ ${text[0]}`;
    return discrete || text[index] === text[index - 1] ? text[index] : `${text[index - 1]} to ${text[index]}`;
  });
  return [...inner, `> ${text.at(-1)}`];
}
