import type { DuckDBConnection } from "@duckdb/node-api";
import { quantilesOf } from "../../data/profile/order-statistics.ts";
import type { CategoryColumn, Column } from "../../data/types.ts";
import { double, query } from "../../storage/duckdb.ts";
import { EdgeBins } from "./edge-bins.ts";
import type { FeatureBins, FeatureReference } from "../types.ts";

const bins = 10;
/** Numbers with at most so many values have a bin for each. */
const fewValues = 20;
const mostCategories = 50;

/**
 * Where the values of a column lie, with the share of each bin among the values that are there. Numbers: a bin for each value where there are at most 20,
 * else deciles, a value that has half a decile or more alone in its bin; and a bin below and one above all of them, which nothing lies in. Categories: the
 * 50 most frequent, and the rest. Numbers are compared as float32, as `binsOf` does.
 */
export function referenceOf(column: Column): FeatureReference {
  return column.type === "number" ? numberReference(column.name, column.values) : categoryReference(column);
}

/** The reference of numbers (NaN: missing). */
export function numberReference(name: string, values: Float64Array): FeatureReference {
  const few = valuesOf(values);
  const edges = few ? (few.length === 0 ? [] : [nextBelow(few[0]), ...few]).filter(Number.isFinite) : edgesOf(values);
  const binOf = new EdgeBins(Float32Array.from(edges));
  const counts = new Float64Array(edges.length + 1);
  let present = 0;
  for (let row = 0; row < values.length; row++) {
    const value = Math.fround(values[row]);
    if (value !== value) continue;
    counts[binOf.of(value)]++;
    present++;
  }
  return { name, type: "number", edges, shares: Array.from(counts, (count) => count / Math.max(1, present)), missing: values.length === 0 ? 0 : (values.length - present) / values.length, ...(few && few.length > 0 && { discrete: true }) };
}

/** The upper edges of all bins but the last, ascending, as float32. */
function edgesOf(values: Float64Array): number[] {
  const quantiles = new Float32Array(new Set(quantilesOf(values, Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins)).map(Math.fround)));
  const counts = new Float64Array(quantiles.length);
  const binOf = new EdgeBins(quantiles);
  let [present, min, max] = [0, Infinity, -Infinity];
  for (let row = 0; row < values.length; row++) {
    const value = Math.fround(values[row]);
    if (value !== value) continue;
    present++;
    if (value < min) min = value;
    if (value > max) max = value;
    const at = binOf.of(value);
    if (at < quantiles.length && quantiles[at] === value) counts[at]++;
  }
  const inner = [...quantiles].flatMap((value, at) => (counts[at] >= present / (2 * bins) ? [nextBelow(value), value] : [value]));
  return [...new Set([nextBelow(min), ...inner, max])].filter(Number.isFinite).sort((one, other) => one - other);
}

/** The values there are, ascending, as float32; undefined where they are more than a few. */
function valuesOf(values: Float64Array): number[] | undefined {
  const found = new Set<number>();
  for (let row = 0; row < values.length; row++) {
    const value = Math.fround(values[row]);
    if (value !== value) continue;
    found.add(value);
    if (found.size > fewValues) return undefined;
  }
  return [...found].sort((one, other) => one - other);
}

/** The float32 next below a float32. */
export function nextBelow(value: number): number {
  if (value === -Infinity) return value;
  const float = Float32Array.of(value === 0 ? 0 : value);
  const bits = new Int32Array(float.buffer);
  if (value === 0) bits[0] = -0x80000000 | 1;
  else bits[0] += value > 0 ? -1 : 1;
  return float[0];
}

function categoryReference({ name, codes, dictionary }: CategoryColumn): FeatureReference {
  const counts = new Float64Array(dictionary.length);
  let present = 0;
  for (const code of codes) {
    if (code < 0) continue;
    counts[code]++;
    present++;
  }
  const top = [...dictionary.keys()].filter((code) => counts[code] > 0).sort((a, b) => counts[b] - counts[a] || (dictionary[a] < dictionary[b] ? -1 : 1)).slice(0, mostCategories);
  const listed = top.reduce((sum, code) => sum + counts[code], 0);
  const shares = [...top.map((code) => counts[code]), present - listed].map((count) => count / Math.max(1, present));
  return { name, type: "category", categories: top.map((code) => dictionary[code]), shares, missing: codes.length === 0 ? 0 : (codes.length - present) / codes.length };
}

/** The bin of each row of a column, as `binsOf` counts them; the number of bins where it is missing. */
export function codesOf(column: Column, of: FeatureBins): Int32Array {
  const found = new Int32Array(column.type === "number" ? column.values.length : column.codes.length);
  if (column.type === "number") {
    if (of.type !== "number") throw new TypeError(`${column.name} is a number, its bins are categories`);
    const binOf = new EdgeBins(Float32Array.from(of.edges));
    for (let row = 0; row < found.length; row++) {
      const value = Math.fround(column.values[row]);
      found[row] = value !== value ? of.edges.length + 1 : binOf.of(value);
    }
    return found;
  }
  if (of.type !== "category") throw new TypeError(`${column.name} is a category, its bins are numbers`);
  const place = new Map(of.categories.map((category, at) => [category, at]));
  const binOfCode = column.dictionary.map((category) => place.get(category) ?? of.categories.length);
  for (let row = 0; row < found.length; row++) found[row] = column.codes[row] < 0 ? of.categories.length + 1 : binOfCode[column.codes[row]];
  return found;
}

/** How many rows of a window have a column's value in each bin, none, or a category that training did not see. */
export interface BinCounts {
  readonly counts: readonly number[];
  readonly missing: number;
  readonly unseen: number;
}

/**
 * Counts rows by the bins of a reference (numbers: x ≤ edge, the last bin above all edges; categories: the last bin is all others). Numbers are compared as
 * float32, as models take them: the training data have 0.34 in full, the prediction log has the float32 next to it, and the two must fall in one bin.
 *
 * @param unseen an expression that is true for rows whose category training did not see
 */
export async function binsOf(connection: DuckDBConnection, rows: string, column: string, of: FeatureBins, unseen = "false"): Promise<BinCounts> {
  const bin =
    of.type === "number"
      ? `len(list_filter([${of.edges.map((edge) => `${double(edge)}::FLOAT`).join(", ")}]::FLOAT[], lambda edge: edge < ${column}::FLOAT))`
      : `coalesce(list_position([${of.categories.map((category) => `'${category.replaceAll("'", "''")}'`).join(", ")}]::VARCHAR[], ${column}::VARCHAR) - 1, ${of.categories.length})`;
  const found = await query<{ bin: number | null; unseen: boolean; n: number }>(
    connection,
    `SELECT CASE WHEN ${column} IS NULL THEN NULL ELSE ${bin} END AS bin, ${column} IS NOT NULL AND ${unseen} AS unseen, count(*) AS n FROM ${rows} GROUP BY ALL`,
  );
  const counts = Array.from({ length: (of.type === "number" ? of.edges.length : of.categories.length) + 1 }, () => 0);
  let [missing, strange] = [0, 0];
  for (const row of found) {
    if (row.bin === null) missing += row.n;
    else if (row.unseen) strange += row.n;
    else counts[row.bin] += row.n;
  }
  return { counts, missing, unseen: strange };
}
