import type { Table } from "../data/types.ts";
import type { Reading } from "../values/reading.ts";

/** What kind of target a model predicts. */
export type Task = "regression" | "binary" | "multiclass";

/**
 * How one feature enters a model: numbers as FP32 (FP64 where float32 would fold them together) with NaN for missing, categories as strings with "" for missing, points in time as FP64,
 * milliseconds since 1970 UTC, with NaN for missing.
 */
export interface FeatureSpec {
  readonly name: string;
  readonly type: "number" | "category" | "timestamp";
  /** How its cells become values, in requests as in the training data; absent in models of before readings were kept. */
  readonly reading?: Reading;
  /** The categories that the training data have, sorted; absent where they are more than `mostCategories`, and for other types. */
  readonly categories?: readonly string[];
  /** The column that says when a row happened: a request that leaves it out means its own time, of that precision. */
  readonly eventTime?: "DATE" | "TIMESTAMP";
}

/** What of a point in time an algorithm sees. */
export type TimePart = "year" | "month" | "weekday" | "hour";

/** A column as an algorithm sees it: a feature itself, or something of a point in time. */
export interface ModelColumn {
  readonly name: string;
  readonly type: "number" | "category";
  /** A part of the feature, or the days from the time `since` to it. */
  readonly from?: { readonly feature: string; readonly part: TimePart } | { readonly feature: string; readonly since: string };
  /** Taken off in double before the number becomes a float32, which would fold its values together. */
  readonly offset?: number;
}

/** More categories than this are not carried in a signature; then nobody counts which ones training did not see. */
export const mostCategories = 10_000;

/** What goes into a model and what comes out; stored with the model and written into its ONNX metadata. */
export interface Signature {
  readonly task: Task;
  readonly features: readonly FeatureSpec[];
  /** What the algorithm sees of the features; absent where these are the features themselves. */
  readonly columns?: readonly ModelColumn[];
  /** Regression: what was taken off the target in double before training, since float32 would fold its values together; the model adds it again. */
  readonly targetOffset?: number;
  readonly target: string;
  /** How cells of the target become values: those of labels, too. */
  readonly targetReading?: Reading;
  /** Class labels in the order of the probabilities; absent for regression. */
  readonly classes?: readonly string[];
}

/** The files of a model in the artifact store: an ONNX graph or, where `python` is said, the listing of an MLflow model that only a Python loads. */
export interface ModelFiles {
  readonly sha256: string;
  readonly size: number;
  readonly python?: PythonModel;
}

/** An MLflow model that takes and gives what our graphs do, and the Python that loads it. */
export interface PythonModel {
  /** By their paths in its folder. */
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly size: number }[];
  /** The absolute path of the interpreter that it was trained in. */
  readonly interpreter: string;
  readonly version: string;
  /** What it loads: distribution → version. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Predictions for the rows of a table, in order. */
export type Prediction =
  | { readonly task: "regression"; readonly values: Float64Array }
  | {
      readonly task: "binary" | "multiclass";
      readonly classes: readonly string[];
      /** Row-major, rows × classes; each row sums to 1. */
      readonly probabilities: Float64Array;
    };

export interface TrainingRequest {
  /** Features and target; other columns are ignored. Rows with a missing target are refused. */
  readonly table: Table;
  readonly target: string;
  readonly features: readonly string[];
  readonly task: Task;
  /** Parameters of the algorithm; what is absent takes the trainer's default. */
  readonly params: Readonly<Record<string, unknown>>;
  /** How much each row counts in proportion to the others (≥ 0, not all 0), in the order of the table; absent: all alike. */
  readonly weights?: Float64Array;
  /** When each row happened (ms), in the order of the table: what is chosen by held-out rows is chosen by the newest. */
  readonly times?: Float64Array;
  /** How the cells of features and target became values, by column: written into the signature. */
  readonly readings?: Readonly<Record<string, Reading>>;
  /** The feature that says when a row happened, and how precisely. */
  readonly eventTime?: { readonly feature: string; readonly precision: "DATE" | "TIMESTAMP" };
  /** Same seed, same data, same parameters: the same model, bit for bit. */
  readonly seed: number;
  /** Called at most once per boosting round (or solver iteration). `loss` is the training loss. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number; readonly loss: number }) => void;
}

export interface TrainedModel {
  readonly algorithm: string;
  readonly signature: Signature;
  /** All parameters the model was trained with, defaults filled in. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Share of the total gain (trees) or of the standardised weight (linear) per feature; sums to 1 unless all are 0. */
  readonly importances: Readonly<Record<string, number>>;
  /** Predicts a table that has the signature's features (others are ignored; unseen categories count as missing). */
  predict(table: Table): Prediction;
  /** Preprocessing and model as one ONNX graph. */
  toOnnx(): Uint8Array;
}

/** What the algorithm of a model is called that somebody else trained and registered. */
export const adopted = "adopted";

/** One way of training: an algorithm behind the common interface (`trainers.ts` lists them all). */
export interface Trainer {
  readonly name: string;
  /** JSON Schema of `params`, with defaults and descriptions. */
  readonly paramsSchema: Readonly<Record<string, unknown>>;
  train(request: TrainingRequest): TrainedModel;
}
