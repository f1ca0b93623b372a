import { noErrors } from "../error-sums.ts";
import type { ErrorSums } from "../types.ts";

/** One variant's part of a window. */
export interface WindowPart {
  /** `served`: what clients got. */
  readonly variant: string;
  readonly version: number;
  readonly predictions: number;
  readonly sums: ErrorSums;
}

/** The parts of a window that have labels, what was served last; where nothing has, that alone. */
export function windowParts(variants: readonly Omit<WindowPart, "predictions">[], served: ErrorSums, predictions: number): WindowPart[] {
  const labelled = variants.filter(({ sums }) => sums.n > 0);
  const all = served.n > 0 ? [...labelled, servedPart(served)] : labelled;
  return (all.length > 0 ? all : [servedPart(noErrors)]).map((part) => ({ ...part, predictions }));
}

const servedPart = (sums: ErrorSums): Omit<WindowPart, "predictions"> => ({ variant: "served", version: 0, sums });
