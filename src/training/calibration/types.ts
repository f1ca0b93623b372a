/**
 * A small change of a model's answers, fitted on labelled rows. Regression: `slope · answer + offset`. Classes: the softmax of `slope · ln(probability) + bias`, a
 * bias for each class in the order of the signature; of two classes that is Platt's scaling of the log odds (Platt 1999), of more it is temperature scaling with
 * biases (Guo et al. 2017, "On calibration of modern neural networks").
 */
export type Calibration =
  | { readonly kind: "linear"; readonly slope: number; readonly offset: number }
  | { readonly kind: "logits"; readonly slope: number; readonly biases: readonly number[] };

/** Smaller probabilities are taken for this one, so that their logarithm is finite: as small as the one that a log loss is cut at. */
export const leastProbability = 2 ** -52;

/** How a model came about that no training made: from which version, and by how many rows. */
export interface Provenance {
  readonly kind: "recalibrated" | "naive";
  readonly version: number;
  readonly rows: number;
  readonly calibration?: Calibration;
}
