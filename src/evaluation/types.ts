/** A value with its 95 % bootstrap interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export type Metrics = Readonly<Record<string, number>>;
export type MetricIntervals = Readonly<Record<string, Interval>>;

/** The metrics on the rows where a column has a value. */
export interface Slice {
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  readonly metrics: MetricIntervals;
}

/** Whom a model was compared with, in words. */
export const championText = ({ version, name }: { readonly version: number; readonly name?: string }): string => name ?? `the champion (version ${version})`;

/** A bin of a picture: what was predicted there on average, and what was true. */
export interface CalibrationBin {
  readonly predicted: number;
  readonly actual: number;
  readonly rows: number;
}

export interface Evaluation {
  readonly rows: number;
  readonly target: string;
  readonly task: "regression" | "binary" | "multiclass";
  readonly metrics: MetricIntervals;
  /** The naive predictor: always the mean, or always the shares of the classes. */
  readonly naive: Metrics;
  /** The linear model beside it. */
  readonly baseline: Metrics | null;
  readonly champion: {
    readonly version: number;
    /** What it is called where it is no version of the registry. */
    readonly name?: string;
    readonly metrics: Metrics;
    /** The loss gates and canaries go by: RMSE or log loss. */
    readonly loss: number;
    /** Champion's loss − challenger's loss on the same rows, resampled together: above 0 the challenger is better. */
    readonly difference: Interval;
  } | null;
  /** Why there is a champion but no comparison with it. */
  readonly notCompared: string | null;
  readonly slices: readonly Slice[];
  /** Regression: ten bins by predicted value. Classification: ten bins by probability of the last class. */
  readonly calibration: readonly CalibrationBin[];
}
