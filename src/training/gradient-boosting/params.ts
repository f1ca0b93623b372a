/** The parameters of gradient boosting, after their defaults; `paramsSchema` describes them. */
export interface GradientBoostingParams {
  readonly iterations: number;
  readonly learning_rate: number;
  readonly max_leaves: number;
  readonly max_depth: number | null;
  readonly min_samples_leaf: number;
  readonly min_hessian_leaf: number;
  readonly min_split_gain: number;
  readonly max_delta_step: number;
  readonly l2_regularization: number;
  readonly max_bins: number;
  readonly max_categories: number;
  readonly category_smoothing: number;
  readonly category_l2: number;
  readonly subsample: number;
  readonly feature_fraction: number;
  readonly early_stopping_rounds: number | null | "auto";
  readonly validation_fraction: number;
}

const positive = { type: "number", exclusiveMinimum: 0 };
const notNegative = { type: "number", minimum: 0 };
const share = { type: "number", exclusiveMinimum: 0, maximum: 1 };
const atLeastOne = { type: "integer", minimum: 1 };

export const paramsSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    iterations: {
      ...atLeastOne,
      default: 100,
      description: "Boosting rounds: trees (per class when there are more than two).",
    },
    learning_rate: { ...positive, default: 0.1, description: "Factor on every leaf's value." },
    max_leaves: {
      type: "integer",
      minimum: 2,
      default: 31,
      description: "Most leaves of one tree; the leaf with the highest gain is split first.",
    },
    max_depth: {
      type: ["integer", "null"],
      minimum: 1,
      default: null,
      description: "Most splits from root to leaf; null: no limit.",
    },
    min_samples_leaf: { ...atLeastOne, default: 20, description: "Fewest training rows in a leaf." },
    min_hessian_leaf: { ...notNegative, default: 0.001, description: "Smallest sum of second derivatives in a leaf." },
    min_split_gain: { ...notNegative, default: 0, description: "A split must lower the loss by more than this." },
    max_delta_step: {
      ...positive,
      default: 8,
      description:
        "Classification: largest value of a leaf before the learning rate. Where a leaf holds a few rows of a class that the model thinks all but impossible, the quotient of the derivatives overshoots without a bound.",
    },
    l2_regularization: { ...notNegative, default: 0, description: "L2 penalty on the values of leaves." },
    max_bins: {
      type: "integer",
      minimum: 2,
      maximum: 255,
      default: 255,
      description: "Most bins per numeric feature, missing values apart.",
    },
    max_categories: {
      type: "integer",
      minimum: 2,
      maximum: 255,
      default: 255,
      description: "Most bins per categorical feature; when it has more categories, the rarest share one bin.",
    },
    category_smoothing: {
      ...notNegative,
      default: 10,
      description: "Pulls the rank of rare categories to the middle when they are sorted for a split.",
    },
    category_l2: { ...notNegative, default: 10, description: "Added L2 penalty for splits on sorted categories." },
    subsample: { ...share, default: 1, description: "Share of the rows drawn for each round, without replacement." },
    feature_fraction: { ...share, default: 1, description: "Share of the features drawn for each tree." },
    early_stopping_rounds: {
      anyOf: [{ type: "integer", minimum: 1 }, { type: "null" }, { const: "auto" }],
      default: "auto",
      description:
        "Finds the number of rounds on held-out rows, the newest where the rows have a time: stops when their loss has not improved for so many, then trains that many on all rows. null: all iterations; auto: 20 for 200 to 100000 rows, else null.",
    },
    validation_fraction: {
      type: "number",
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      default: 0.2,
      description: "Share of the rows held out to find the number of rounds.",
    },
  },
} as const;
