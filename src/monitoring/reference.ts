import type { DuckDBConnection } from "@duckdb/node-api";
import { quantileOf } from "../data/profile/number-statistics.ts";
import type { CategoryColumn, Column, NumberColumn } from "../data/types.ts";
import { double, query } from "../storage/duckdb.ts";
import type { FeatureReference } from "./types.ts";

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
  const sorted = values.filter((value) => value === value).sort();
  const missing = values.length === 0 ? 0 : (values.length - sorted.length) / values.length;
  const edges = sorted.length === 0 ? [] : [...new Set(Array.from({ length: bins - 1 }, (_, i) => quantileOf(sorted, (i + 1) / bins)))];
  const narrow = Float32Array.from(sorted);
  const narrowEdges = edges.map(Math.fround);
  const shares = Array.from({ length: edges.length + 1 }, () => 0);
  let at = 0;
  for (let bin = 0; bin < shares.length; bin++) {
    const start = at;
    while (at < narrow.length && (bin === edges.length || narrow[at] <= narrowEdges[bin])) at++;
    shares[bin] = (at - start) / Math.max(1, narrow.length);
  }
  return { name, type: "number", edges, shares, missing };
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
