import type { Bin, CategoryProfile, ColumnProfile, NumberProfile, Profile } from "../profile/profile-types.ts";
import { featureType } from "./schema.ts";
import type { Environment, FeatureSchema, Schema } from "./schema.ts";

/** The anomalies of TFDV (`metadata:anomalies.proto`) that a flat table can have, under TFDV's names. */
export type AnomalyType =
  | "SCHEMA_NEW_COLUMN"
  | "SCHEMA_MISSING_COLUMN"
  | "UNEXPECTED_DATA_TYPE"
  | "FEATURE_TYPE_NOT_PRESENT"
  | "FEATURE_TYPE_LOW_FRACTION_PRESENT"
  | "FEATURE_TYPE_LOW_NUMBER_PRESENT"
  | "FEATURE_TYPE_LOW_UNIQUE"
  | "FEATURE_TYPE_HIGH_UNIQUE"
  | "ENUM_TYPE_UNEXPECTED_STRING_VALUES"
  | "BOOL_TYPE_UNEXPECTED_STRING"
  | "INT_TYPE_NOT_INT_STRING"
  | "INT_TYPE_BIG_INT"
  | "INT_TYPE_SMALL_INT"
  | "FLOAT_TYPE_STRING_NOT_FLOAT"
  | "FLOAT_TYPE_BIG_FLOAT"
  | "FLOAT_TYPE_SMALL_FLOAT"
  | "FLOAT_TYPE_HAS_INF"
  | "DATASET_LOW_NUM_EXAMPLES"
  | "DATASET_HIGH_NUM_EXAMPLES";

export interface Anomaly {
  readonly type: AnomalyType;
  /** Absent when the whole table is meant. */
  readonly column?: string;
  readonly severity: "ERROR" | "WARNING";
  readonly message: string;
  /** Share of the rows concerned, 0 to 1. */
  readonly share: number;
}

/**
 * Holds a profile against a schema. Anomalies come in the order of the schema's features, then new columns. `environment` (TRAINING by
 * default) says which features are expected; a feature that is not expected there is still checked when it is present.
 */
export function validate(profile: Profile, schema: Schema, options: { readonly environment?: Environment } = {}): Anomaly[] {
  const environment = options.environment ?? "TRAINING";
  const columns = new Map(profile.columns.map((column) => [column.name, column]));
  const known = new Set(schema.features.map(({ name }) => name));
  return [
    ...checkRows(profile, schema),
    ...schema.features.flatMap((feature) => {
      const column = columns.get(feature.name);
      if (column !== undefined) return checkColumn(column, feature, profile.rows);
      return feature.empty || feature.notInEnvironment?.includes(environment) ? [] : [missingColumn(feature.name)];
    }),
    ...profile.columns.filter(({ name }) => !known.has(name)).map(({ name, count }) => newColumn(name, count, profile.rows)),
  ];
}

const percent = (share: number): string => `${(share * 100).toPrecision(share >= 0.9995 ? 4 : 3).replace(/\.?0+$/, "")} %`;

function checkRows({ rows }: Profile, schema: Schema): Anomaly[] {
  const { min = 1, max } = schema.rows ?? {};
  if (rows < min) {
    const message = `The table has ${rows} rows; at least ${min} are expected.`;
    return [{ type: "DATASET_LOW_NUM_EXAMPLES", severity: "ERROR", message, share: 1 }];
  }
  if (max === undefined || rows <= max) return [];
  return [{ type: "DATASET_HIGH_NUM_EXAMPLES", severity: "ERROR", message: `The table has ${rows} rows; at most ${max} are expected.`, share: 1 }];
}

const missingColumn = (column: string): Anomaly => ({
  type: "SCHEMA_MISSING_COLUMN",
  column,
  severity: "ERROR",
  message: `Column "${column}" is missing from the table.`,
  share: 1,
});

const newColumn = (column: string, count: number, rows: number): Anomaly => ({
  type: "SCHEMA_NEW_COLUMN",
  column,
  severity: "WARNING",
  message: `Column "${column}" is new: the schema does not have it, though ${count} of ${rows} rows have a value in it.`,
  share: rows === 0 ? 0 : count / rows,
});

function checkColumn(column: ColumnProfile, feature: FeatureSchema, rows: number): Anomaly[] {
  const { name, count, missing } = column;
  if (rows === 0) return [];
  if (feature.empty) {
    if (count > 0) return [newColumn(name, count, rows)];
    const message = `Column "${name}" has no value in any of ${rows} rows, as when the schema was inferred; it is no feature.`;
    return [{ type: "FEATURE_TYPE_NOT_PRESENT", column: name, severity: "WARNING", message, share: 1 }];
  }
  if (count === 0) {
    const message = `Column "${name}" has no value in any of ${rows} rows.`;
    return [{ type: "FEATURE_TYPE_NOT_PRESENT", column: name, severity: "ERROR", message, share: 1 }];
  }
  const anomalies: Anomaly[] = [];
  const { minFraction = 0, minCount } = feature.presence;
  if (count / rows < minFraction) {
    const message = `Column "${name}" is missing in ${missing} of ${rows} rows (${percent(missing / rows)}); at least ${percent(minFraction)} must have a value.`;
    anomalies.push({ type: "FEATURE_TYPE_LOW_FRACTION_PRESENT", column: name, severity: "ERROR", message, share: missing / rows });
  }
  if (count < minCount) {
    const message = `Column "${name}" has a value in ${count} rows; at least ${minCount} must have one.`;
    anomalies.push({ type: "FEATURE_TYPE_LOW_NUMBER_PRESENT", column: name, severity: "ERROR", message, share: missing / rows });
  }
  const mismatch = checkType(column, feature, rows);
  if (mismatch !== undefined) anomalies.push(mismatch);
  if (mismatch?.severity === "ERROR") return anomalies;
  anomalies.push(...checkUnique(column, feature, rows));
  return [...anomalies, ...(column.type === "category" ? checkDomain(column, feature, rows) : checkRange(column, feature, rows))];
}

function checkType({ name, stored, count }: ColumnProfile, { type }: FeatureSchema, rows: number): Anomaly | undefined {
  const found = featureType(stored);
  if (found === type || (found === "INT" && type === "FLOAT") || (found === "BOOL" && type === "STRING")) return undefined;
  const share = count / rows;
  const message = `Column "${name}" holds ${found} values; the schema expects ${type}.`;
  if (type === "INT" && found === "FLOAT") return { type: "UNEXPECTED_DATA_TYPE", column: name, severity: "WARNING", message, share };
  const named: Partial<Record<typeof type, AnomalyType>> = {
    INT: "INT_TYPE_NOT_INT_STRING",
    FLOAT: "FLOAT_TYPE_STRING_NOT_FLOAT",
    BOOL: "BOOL_TYPE_UNEXPECTED_STRING",
  };
  const anomaly = found === "STRING" ? named[type] : undefined;
  return { type: anomaly ?? "UNEXPECTED_DATA_TYPE", column: name, severity: "ERROR", message, share };
}

function checkUnique({ name, distinct, count }: ColumnProfile, { unique }: FeatureSchema, rows: number): Anomaly[] {
  const share = count / rows;
  if (unique?.min !== undefined && distinct < unique.min) {
    const message = `Column "${name}" has ${distinct} distinct values; at least ${unique.min} are expected.`;
    return [{ type: "FEATURE_TYPE_LOW_UNIQUE", column: name, severity: "ERROR", message, share }];
  }
  if (unique?.max === undefined || distinct <= unique.max) return [];
  const message = `Column "${name}" has ${distinct} distinct values; at most ${unique.max} are expected.`;
  return [{ type: "FEATURE_TYPE_HIGH_UNIQUE", column: name, severity: "ERROR", message, share }];
}

function checkDomain({ name, values, distinct, count }: CategoryProfile, { domain }: FeatureSchema, rows: number): Anomaly[] {
  if (domain === undefined) return [];
  const allowed = new Set(domain.values);
  const strange = values.filter(({ value }) => !allowed.has(value));
  const outside = strange.reduce((sum, value) => sum + value.count, 0);
  // A profile lists all values of small domains only; of more, those it lists are a lower bound.
  const listed = distinct === values.length;
  const tolerated = domain.minDomainMass < 1 && outside / count <= 1 - domain.minDomainMass;
  if (tolerated || (listed && outside === 0)) return [];
  const examples = strange.slice(0, 3).map(({ value, count: times }) => `${JSON.stringify(value)} (${times})`);
  const shown = strange.length > 0 ? `: ${examples.join(", ")}${strange.length > 3 ? `, and ${strange.length - 3} more` : ""}` : "";
  const message =
    `Column "${name}" has values outside its domain of ${allowed.size} in ${listed ? "" : "at least "}` +
    `${outside} of ${rows} rows (${percent(outside / rows)})${shown}.`;
  return [{ type: "ENUM_TYPE_UNEXPECTED_STRING_VALUES", column: name, severity: "ERROR", message, share: outside / rows }];
}

function checkRange({ name, infinite, statistics }: NumberProfile, { range, type }: FeatureSchema, rows: number): Anomaly[] {
  const anomalies: Anomaly[] = [];
  if (infinite > 0) {
    const message = `Column "${name}" is infinite in ${infinite} of ${rows} rows.`;
    anomalies.push({ type: "FLOAT_TYPE_HAS_INF", column: name, severity: "ERROR", message, share: infinite / rows });
  }
  if (range === undefined || statistics === undefined) return anomalies;
  const kind = type === "INT" ? "INT" : "FLOAT";
  const show = (value: number): string => (type === "TIMESTAMP" ? new Date(value).toISOString() : String(value));
  const report = (word: "above" | "below", extreme: number, bound: number, share: number): void => {
    const size = word === "above" ? "BIG" : "SMALL";
    const message = `Column "${name}" reaches ${show(extreme)}, ${word} the ${show(bound)} seen before, in about ${percent(share)} of the rows.`;
    anomalies.push({ type: `${kind}_TYPE_${size}_${kind}` as AnomalyType, column: name, severity: "WARNING", message, share });
  };
  // The future lies above the range of every time column; that is no anomaly.
  if (statistics.max > range.max && type !== "TIMESTAMP") {
    report("above", statistics.max, range.max, massBetween(statistics.quantileHistogram, range.max, Infinity, rows));
  }
  if (statistics.min < range.min) {
    report("below", statistics.min, range.min, massBetween(statistics.quantileHistogram, -Infinity, range.min, rows));
  }
  return anomalies;
}

/** Share of rows between two bounds, taking the mass of a bin as spread evenly; at least one row. */
function massBetween(bins: readonly Bin[], from: number, until: number, rows: number): number {
  const mass = bins.reduce((sum, { low, high, count }) => {
    if (low === high) return sum + (from < low && low < until ? count : 0);
    return sum + (Math.max(Math.min(high, until) - Math.max(low, from), 0) / (high - low)) * count;
  }, 0);
  return Math.max(mass, 1) / rows;
}
