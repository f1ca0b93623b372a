import type { ColumnProfile, Profile } from "../profile/profile-types.ts";
import type { StoredType } from "../types.ts";

/** TFDV's feature types, and points in time. */
export type FeatureType = "INT" | "FLOAT" | "STRING" | "BOOL" | "TIMESTAMP";

/** Where data comes from: tables to train on have the target, requests to serve do not. */
export type Environment = "TRAINING" | "SERVING";

export interface FeatureSchema {
  readonly name: string;
  readonly type: FeatureType;
  readonly presence: {
    /** Smallest share of rows with a value: 1 when none was missing, absent when some were. */
    readonly minFraction?: number;
    /** Smallest number of rows with a value. */
    readonly minCount: number;
  };
  /** The values a STRING or BOOL may take; absent when there were more than 100 or none. */
  readonly domain?: {
    readonly values: readonly string[];
    /** Share of the values that must lie in the domain. */
    readonly minDomainMass: number;
  };
  /** What was seen of INT, FLOAT and TIMESTAMP (milliseconds); values outside are a warning, since a model can meet new extremes. */
  readonly range?: { readonly min: number; readonly max: number };
  /** Bounds on the number of distinct values; never inferred. */
  readonly unique?: { readonly min?: number; readonly max?: number };
  readonly notInEnvironment?: readonly Environment[];
  /** The column had no value at all when the schema was inferred: it is no feature, and a warning until it has values or is dropped. */
  readonly empty?: boolean;
}

/** What a table must look like; plain JSON, meant to be edited by people. */
export interface Schema {
  readonly features: readonly FeatureSchema[];
  /** Bounds on the number of rows; never inferred. */
  readonly rows?: { readonly min?: number; readonly max?: number };
}

/** TFDV's limit: more distinct values than this are not a domain. */
const largestDomain = 100;

const featureTypes: Readonly<Record<StoredType, FeatureType>> = {
  BIGINT: "INT",
  DOUBLE: "FLOAT",
  VARCHAR: "STRING",
  BOOLEAN: "BOOL",
  DATE: "TIMESTAMP",
  TIMESTAMP: "TIMESTAMP",
};

/** The schema type of a stored column. */
export const featureType = (stored: StoredType): FeatureType => featureTypes[stored];

/**
 * Infers a schema from a profile by TFDV's rules (`anomalies/feature_util.cc`, `string_domain_util.cc`): every column seen is a feature
 * that must have at least one value, and in every row when none was missing; up to 100 distinct strings are a domain. The target is
 * expected in the TRAINING environment only.
 */
export function inferSchema(profile: Profile, options: { readonly target?: string } = {}): Schema {
  return {
    features: profile.columns.map((column) => {
      const feature = inferFeature(column);
      return column.name === options.target ? { ...feature, notInEnvironment: ["SERVING"] } : feature;
    }),
  };
}

function inferFeature(column: ColumnProfile): FeatureSchema {
  const { name, stored, count, missing, distinct } = column;
  const type = featureType(stored);
  if (count === 0) return { name, type, presence: { minCount: 0 }, empty: true };
  const feature: FeatureSchema = { name, type, presence: missing === 0 ? { minFraction: 1, minCount: 1 } : { minCount: 1 } };
  if (column.type === "category") {
    if (distinct > largestDomain) return feature;
    // Both truth values belong to a boolean, whichever were seen.
    const values = stored === "BOOLEAN" ? ["false", "true"] : column.values.map(({ value }) => value).sort();
    return { ...feature, domain: { values, minDomainMass: 1 } };
  }
  const { statistics } = column;
  return statistics === undefined ? feature : { ...feature, range: { min: statistics.min, max: statistics.max } };
}
