/** Columns to leave out of the features, and why. */
export interface LeakageFinding {
  /**
   * leak: they give the target away · identifier: they name or count the rows · constant: one value throughout · empty: no value at all ·
   * duplicate: the same as another column.
   */
  readonly kind: "leak" | "identifier" | "constant" | "empty" | "duplicate";
  readonly columns: readonly string[];
  /** A sentence with the numbers. */
  readonly evidence: string;
  /** The number that decided: R², accuracy, AUC, |ρ|, or the share of rows for which the sentence holds. */
  readonly statistic: number;
}

export interface LeakageOptions {
  readonly target: string;
  /** Classes are told apart by how well they are guessed, numbers by how well they are fitted. */
  readonly task: "regression" | "binary" | "multiclass";
  /** The column that the rows are held out by in order of time; it is never a leak. */
  readonly time?: string | null;
  /** Columns that are points in time; they order rows and are never identifiers, nor leaks of a number, nor of a class where no `time` is said. */
  readonly timestamps?: readonly string[];
  /** Columns that stay, whatever they show. */
  readonly keep?: readonly string[];
}
