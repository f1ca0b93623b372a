import type { Column } from "../../data/types.ts";
import type { FeatureReference } from "../types.ts";
import { codesOf, referenceOf } from "./reference.ts";
import { timeReferenceOf, type RowTimes } from "./time-reference.ts";

/** Where the values of a column lie, and what time does to them where it is known when its rows happened. */
export function referenceInTime(column: Column, happened: RowTimes | undefined): FeatureReference {
  const bare = referenceOf(column);
  return happened ? withTime(bare, codesOf(column, bare), happened) : bare;
}

/** A reference with what time does to it; `codes` is the bin of each row, the number of bins where it is missing. */
export function withTime(bare: FeatureReference, codes: Int32Array, happened: RowTimes | undefined): FeatureReference {
  const time = happened && timeReferenceOf(codes, bare.shares.length + 1, happened);
  return time ? { ...bare, time } : bare;
}
