import type { Task } from "../training/types.ts";
import type { CycleName } from "./drift/cycles.ts";
import type { TimeReference } from "./drift/time-reference.ts";
import type { Reading } from "../values/reading.ts";

/** How an endpoint is watched; from `monitor:` of the project file. */
export interface MonitorConfig {
  readonly endpoint: string;
  readonly task: Task;
  readonly target: string;
  /** The classes that labels are of, as the model writes them; absent for numbers, and in monitors of before they were kept. */
  readonly classes?: readonly string[];
  /** How cells of the target became values, which labels do, too. */
  readonly targetReading?: Reading;
  /** Milliseconds that pass between a prediction and its label. */
  readonly labelDelay: number;
  /** Length of a window of live error, in milliseconds. */
  readonly window: number;
  readonly performance: {
    /** Alarms in 365 windows in which nothing got worse; absent in monitors of before: 0.1. */
    readonly falseAlarms?: number;
    /** CUSUM alarm level and slack, in units of the reference loss (see `cusum.ts`); null: no CUSUM, but the test for a rise (`performance/`). */
    readonly threshold: number | null;
    readonly slack: number;
    /** How far above its predecessor's reference a new champion's may lie, as a share. */
    readonly slip: number;
    /** The metric's limit, if one is set: above it the alarm is raised whatever the reference. */
    readonly max: number | null;
  };
  readonly drift: {
    readonly method: DriftMethod;
    /** A feature has drifted from this distance on. */
    readonly threshold: number;
    /** Length of a drift window, in milliseconds; windows follow each other without overlap. */
    readonly window: number;
    /** The alarm is raised when this share of the features has drifted. */
    readonly share: number;
    /** Features that are not judged: they move by themselves. */
    readonly exclude: readonly string[];
    /** Windows with fewer predictions are not judged. */
    readonly minRows: number;
    /** The alarm is raised, whatever the other features do, when so much more of one is missing or unseen than in training; absent in monitors of before: 0.1. */
    readonly gaps?: number;
    /** The share of windows in which chance may make a feature drift; absent in monitors of before: 0.01. */
    readonly falseAlarms?: number;
  };
}

export type DriftMethod = "psi" | "jensen_shannon";

/** Where a feature's values lay when the model was trained: what live windows are compared with. */
export type FeatureReference = FeatureBins & {
  readonly name: string;
  readonly shares: readonly number[];
  readonly missing: number;
  /** What time does to it; absent where no time of the rows is known, and in references of before. */
  readonly time?: TimeReference;
  /** What it does to the model's answers (`effects.ts`): 0 where the model does not use it; absent of predictions and in references of before. */
  readonly effect?: number;
};

/** The bins that values are counted in. */
export type FeatureBins =
  | { readonly type: "number"; readonly edges: readonly number[]; /** Each bin is a value. */ readonly discrete?: boolean }
  | { readonly type: "category"; readonly categories: readonly string[] };

export interface ReferenceProfile {
  readonly rows: number;
  readonly features: readonly FeatureReference[];
  /** The model's own answers on its training data: a number's deciles, or the classes' mean probabilities. */
  readonly prediction: FeatureReference | null;
  /** Rows that the prediction's shares were taken from, evenly spaced; all where absent. */
  readonly answers?: number;
  /** The oldest and the newest row, ms; absent where no time of the rows is known, and in references of before. */
  readonly span?: TimeWindow;
}

/** The name of the loss live error is judged by: RMSE for regression, log loss for classes. Lower is better. */
export type Loss = "rmse" | "log_loss";

/** Sums over labelled predictions, from which every metric of a window (or of any union of windows) follows. */
export interface ErrorSums {
  readonly n: number;
  /** Regression: squared error. Classification: −ln p of the true class. */
  readonly loss: number;
  /** Regression: absolute error. Classification: wrong answers. */
  readonly absolute: number;
  /** Regression: prediction − label. Classification: 0. */
  readonly signed: number;
  /** Regression: labels. Classification: 0. */
  readonly label: number;
  /** Classification: squares of the loss; absent in windows of before. Regression: absent, the squares of the absolute errors are the loss. */
  readonly squares?: number;
}

export interface ErrorWindow {
  readonly endpoint: string;
  readonly start: number;
  readonly end: number;
  /** `served`: what clients got; `champion`, `challenger`: what that variant answered or would have answered. */
  readonly variant: string;
  readonly version: number;
  readonly predictions: number;
  readonly sums: ErrorSums;
  /** The metrics that follow from the sums: `rmse`, `mae`, `bias`, or `log_loss`, `accuracy`. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What one variant's part of a window was, or is. */
export type WindowState = Pick<ErrorWindow, "variant" | "version" | "predictions" | "sums" | "metrics">;

/** A window that was computed and became another since. */
export interface WindowRevision {
  readonly endpoint: string;
  readonly start: number;
  readonly end: number;
  /** The time of the turn that found it. */
  readonly changedAt: number;
  /** What differs, variant by variant; one that was not there before, or is no more, is on one side alone. */
  readonly before: readonly WindowState[];
  readonly after: readonly WindowState[];
  readonly why: RevisionCauses;
}

/** What changed a window. */
export interface RevisionCauses {
  /** Predictions that came to the log after the window was computed (negative: turned out to be retries of others). */
  readonly predictions: number;
  /** Labels more (or fewer) of what clients got. */
  readonly labels: number;
  /** Labels for which the sender gave another value. */
  readonly corrections: number;
  /** A request id came again: as a retry, or for another row, which its label is then no longer sure to be of. */
  readonly repeats: boolean;
}

/** A span of event time, milliseconds: from ≤ t < until. */
export interface TimeWindow {
  readonly from: number;
  readonly until: number;
}

export interface FeatureDrift {
  readonly feature: string;
  /** Over the bins, what is missing, and what training did not see. */
  readonly distance: number;
  /** How often chance makes a window of so many rows differ as much, adjusted for the number of features; absent in reports of before. */
  readonly chance?: number;
  /** The distance is at the threshold or above, and more than chance. */
  readonly drifted: boolean;
  /** So much more is missing, or was not seen in training, that it alarms by itself; absent in reports of before. */
  readonly gaps?: boolean;
  /** Share of missing values in the window and in the reference. */
  readonly missing: number;
  readonly missingReference: number;
  /** Share of categories that training did not see; absent in reports of before. */
  readonly unseen?: number;
  /** Shares of the window's values that are there and known, in the reference's bins. */
  readonly shares: readonly number[];
  /** The seasons by which it was compared, with the reference's shares in them (`expected`); absent where it was compared with the whole reference. */
  readonly cycles?: readonly CycleName[];
  readonly expected?: readonly number[];
  /**
   * What it does in a year is not known (`TimeReference.unsettled`), so that its distance from the reference does not count. It drifts where it is far from the
   * window before: `step`, which `chance` is then of; absent where that is not known.
   */
  readonly unsettled?: boolean;
  readonly step?: number;
  /** The share of its rows that lie farther off than its own movement would reach by now, where there are any: from `gaps` on it has drifted. */
  readonly beyond?: number;
  /** What the feature does to the model's answers; absent of predictions and where it is not known. */
  readonly effect?: number;
}

export interface DriftReport {
  readonly endpoint: string;
  readonly start: number;
  readonly end: number;
  readonly version: number;
  readonly rows: number;
  readonly method: DriftMethod;
  readonly threshold: number;
  readonly features: readonly FeatureDrift[];
  readonly prediction: FeatureDrift | null;
  /** The share of the features that drifted, each weighted by what it does to the model's answers where that is known. */
  readonly driftedShare: number;
  /** The span of the reference where its times are known. */
  readonly reference?: TimeWindow;
  readonly alarm: boolean;
  /** The time of the turn that judged the window; later than its end when turns and windows do not meet. */
  readonly judgedAt: number;
}

/** A reason to act, found by a monitor. */
export interface Alarm {
  readonly kind: "performance" | "drift";
  /** A sentence with the numbers. */
  readonly message: string;
  readonly evidence: Readonly<Record<string, number | string | readonly string[]>>;
}

/** A prediction whose true value is known. */
export interface LabelledPrediction {
  readonly requestId: string;
  readonly rowIndex: number;
  readonly eventTime: number;
  readonly variant: string;
  readonly version: number;
  readonly shadow: boolean;
  readonly label: string;
  /** Regression: the number predicted. Classification: NaN. */
  readonly value: number;
  /** Classification: probability per class, in the model's order; empty for regression. */
  readonly probabilities: readonly number[];
  readonly classes: readonly string[];
}
