import type { DuckDBConnection } from "@duckdb/node-api";
import { quantilesOf } from "../../data/profile/order-statistics.ts";
import type { CategoryColumn, Column, NumberColumn } from "../../data/types.ts";
import { double, query } from "../../storage/duckdb.ts";
import type { FeatureReference } from "../types.ts";

const bins = 10;
const mostCategories = 50;

/**
 * Where the values of a column lie: deciles for numbers (equal deciles merged), the 50 most frequent categories and the rest for categories, with the share
 * of each among the values that are there. Numbers are compared as float32, as `sharesOf` does.
 */
export function referenceOf(column: Column): FeatureReference {
  return column.type === "number" ? numberReference(column) : categoryReference(column);
}

function numberReference({ name, values }: NumberColumn): FeatureReference {
  const edges = [...new Set(quantilesOf(values, Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins)))];
  const narrow = Float32Array.from(edges);
  const counts = new Float64Array(edges.length + 1);
  let present = 0;
  for (let row = 0; row < values.length; row++) {
    const value = Math.fround(values[row]);
    if (value !== value) continue;
    let bin = 0;
    while (bin < narrow.length && narrow[bin] < value) bin++;
    counts[bin]++;
    present++;
  }
  return { name, type: "number", edges, shares: Array.from(counts, (count) => count / Math.max(1, present)), missing: values.length === 0 ? 0 : (values.length - present) / values.length };
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

type Bins = { readonly type: "number"; readonly edges: readonly number[] } | { readonly type: "category"; readonly categories: readonly string[] };

/**
 * The shares of a column's values in given bins (numbers: x ≤ edge, the last bin above all edges; categories: the last bin is all
 * others), among the values that are there, and the share of missing ones. Numbers are compared as float32, as models take them: the
 * training data have 0.34 in full, the prediction log has the float32 next to it, and the two must fall in one bin.
 */
export async function sharesOf(connection: DuckDBConnection, rows: string, column: string, of: Bins): Promise<{ shares: number[]; missing: number }> {
  const bin =
    of.type === "number"
      ? `len(list_filter([${of.edges.map((edge) => `${double(edge)}::FLOAT`).join(", ")}]::FLOAT[], lambda edge: edge < ${column}::FLOAT))`
      : `coalesce(list_position([${of.categories.map((category) => `'${category.replaceAll("'", "''")}'`).join(", ")}]::VARCHAR[], ${column}::VARCHAR) - 1, ${of.categories.length})`;
  const counts = await query<{ bin: number | null; n: number }>(
    connection,
    `SELECT CASE WHEN ${column} IS NULL THEN NULL ELSE ${bin} END AS bin, count(*) AS n FROM ${rows} GROUP BY 1`,
  );
  const total = counts.reduce((sum, row) => sum + row.n, 0);
  const missing = counts.find((row) => row.bin === null)?.n ?? 0;
  const size = (of.type === "number" ? of.edges.length : of.categories.length) + 1;
  const shares = Array.from({ length: size }, () => 0);
  for (const row of counts) if (row.bin !== null) shares[row.bin] = row.n / Math.max(1, total - missing);
  return { shares, missing: total === 0 ? 0 : missing / total };
}
