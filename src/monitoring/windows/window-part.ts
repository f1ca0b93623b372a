import type { ErrorSums } from "../types.ts";

/** One variant's part of a window. */
export interface WindowPart {
  /** `served`: what clients got. */
  readonly variant: string;
  readonly version: number;
  readonly predictions: number;
  readonly sums: ErrorSums;
}
