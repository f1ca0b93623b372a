import type { DuckDBConnection } from "@duckdb/node-api";
import { double, identifier, query } from "../storage/duckdb.ts";
import type { FeatureSpec } from "../training/types.ts";
import type { FeatureReference } from "./types.ts";

const bins = 10;
const mostCategories = 50;

/**
 * Where the values of columns lie: deciles for numbers (equal deciles merged), the 50 most frequent categories and the rest for
 * categories. `rows` is a table expression; `columnOf` names the column of a feature in it.
 */
export async function referenceOf(
  connection: DuckDBConnection,
  rows: string,
  features: readonly FeatureSpec[],
  columnOf: (feature: string) => string,
): Promise<FeatureReference[]> {
  const references: FeatureReference[] = [];
  for (const feature of features) {
    const column = identifier(columnOf(feature.name));
    if (feature.type === "number") {
      const cuts = Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins);
      const [row] = await query<{ cuts: number[] | null }>(
        connection,
        `SELECT quantile_cont(${column}::DOUBLE, [${cuts.join(", ")}]) AS cuts FROM ${rows} WHERE ${column} IS NOT NULL`,
      );
      const edges = [...new Set(row?.cuts ?? [])];
      references.push({ name: feature.name, type: "number", edges, ...(await sharesOf(connection, rows, column, { type: "number", edges })) });
    } else {
      const top = await query<{ value: string }>(
        connection,
        `SELECT ${column}::VARCHAR AS value FROM ${rows} WHERE ${column} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT ${mostCategories}`,
      );
      const categories = top.map((row) => row.value);
      references.push({ name: feature.name, type: "category", categories, ...(await sharesOf(connection, rows, column, { type: "category", categories })) });
    }
  }
  return references;
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
