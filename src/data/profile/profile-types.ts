import type { StoredType } from "../types.ts";

/** Values in (low, high]; the first bin of a histogram also holds its low end. A bin with low = high is one repeated value. */
export interface Bin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

interface ColumnCounts {
  readonly name: string;
  readonly stored: StoredType;
  /** Rows that have a value. */
  readonly count: number;
  readonly missing: number;
  /** Distinct values, exact. */
  readonly distinct: number;
}

/** Numbers, and points in time as milliseconds since 1970-01-01 UTC. Infinite values are only counted. */
export interface NumberProfile extends ColumnCounts {
  readonly type: "number" | "timestamp";
  readonly infinite: number;
  /** Absent when the column has no finite value. */
  readonly statistics?: NumberStatistics;
}

export interface NumberStatistics {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Population standard deviation (divided by n), as TFDV's. */
  readonly std: number;
  readonly zeros: number;
  /** Interpolated linearly between order statistics (NumPy's default). */
  readonly quantiles: Readonly<Record<"p01" | "p05" | "p25" | "p50" | "p75" | "p95" | "p99", number>>;
  /** 20 bins of equal width; one when all values are equal. */
  readonly histogram: readonly Bin[];
  /** Bins between the 5 % quantiles: 20, fewer where values repeat. */
  readonly quantileHistogram: readonly Bin[];
}

export interface ValueCount {
  readonly value: string;
  readonly count: number;
}

export interface CategoryProfile extends ColumnCounts {
  readonly type: "category";
  /** The most frequent values, most frequent first, ties by value: all when there are at most 100, else the top 20. */
  readonly values: readonly ValueCount[];
  /** In characters; 0 without values. */
  readonly averageLength: number;
}

export type ColumnProfile = NumberProfile | CategoryProfile;

/** How strongly a column goes with the target; 0 is not at all, 1 (Pearson: ±1) completely. */
export interface TargetAssociation {
  readonly column: string;
  /** Two numbers: Pearson's r. A number and a category: the correlation ratio η. Two categories: Cramér's V, uncorrected. */
  readonly measure: "pearson" | "correlation_ratio" | "cramers_v";
  readonly value: number;
}

/** What a table looks like; plain JSON. */
export interface Profile {
  readonly rows: number;
  /** Rows that equal an earlier row in every column. */
  readonly duplicates: number;
  readonly columns: readonly ColumnProfile[];
  /** Absent without a target; strongest first; columns where it is undefined (constant, empty) are left out. */
  readonly target?: { readonly column: string; readonly associations: readonly TargetAssociation[] };
}
