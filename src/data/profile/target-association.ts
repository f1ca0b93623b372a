import type { DuckDBConnection } from "@duckdb/node-api";
import { queryOne } from "../../storage/duckdb.ts";
import type { TargetAssociation } from "./profile-types.ts";
import type { DatasetColumn } from "../types.ts";

interface Field {
  readonly column: DatasetColumn;
  readonly field: string;
}

/** The association of each column of the temporary table `profiled` with the target, strongest first. */
export async function targetAssociations(connection: DuckDBConnection, fields: readonly Field[], target: Field): Promise<TargetAssociation[]> {
  const found: TargetAssociation[] = [];
  for (const each of fields) {
    if (each.field === target.field) continue;
    const { measure, sql } = association(each, target);
    const { value } = await queryOne<{ value: number | null }>(connection, sql);
    if (value !== null && Number.isFinite(value)) found.push({ column: each.column.name, measure, value });
  }
  return found.sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}

const isNumeric = ({ column }: Field): boolean => column.type !== "category";

/** Infinite values would make every moment NaN. */
const finite = (field: string): string => `isfinite(${field})`;

function association(one: Field, target: Field): { measure: TargetAssociation["measure"]; sql: string } {
  const [x, y] = [one.field, target.field];
  if (isNumeric(one) && isNumeric(target)) {
    return { measure: "pearson", sql: `SELECT corr(${x}, ${y}) AS value FROM profiled WHERE ${finite(x)} AND ${finite(y)}` };
  }
  if (isNumeric(one)) return { measure: "correlation_ratio", sql: correlationRatio(x, y) };
  if (isNumeric(target)) return { measure: "correlation_ratio", sql: correlationRatio(y, x) };
  return { measure: "cramers_v", sql: cramersV(x, y) };
}

/** η = √(between-group sum of squares / total sum of squares). */
function correlationRatio(number: string, category: string): string {
  const groups = `SELECT count(*) AS n, avg(${number}) AS mean, var_pop(${number}) AS var FROM profiled WHERE ${finite(number)} AND ${category} IS NOT NULL GROUP BY ${category}`;
  const moments = `SELECT sum(n * mean) / sum(n) AS grand FROM grouped`;
  return (
    `WITH grouped AS (${groups}), total AS (${moments}) ` +
    `SELECT sqrt(sum(n * (mean - grand) ** 2) / nullif(sum(n * (mean - grand) ** 2) + sum(n * var), 0)) AS value FROM grouped, total`
  );
}

/** V = √(φ² / (min(rows, columns) − 1)), φ² = Σ observed² / (row total · column total) − 1. */
function cramersV(one: string, other: string): string {
  return (
    `WITH cells AS (SELECT ${one} AS a, ${other} AS b, count(*) AS n FROM profiled WHERE ${one} IS NOT NULL AND ${other} IS NOT NULL GROUP BY ALL), ` +
    `margins AS (SELECT n, sum(n) OVER (PARTITION BY a) AS na, sum(n) OVER (PARTITION BY b) AS nb, a, b FROM cells) ` +
    `SELECT sqrt(greatest(sum(n::DOUBLE * n / na / nb) - 1, 0) / nullif(least(count(DISTINCT a), count(DISTINCT b)) - 1, 0)) AS value FROM margins`
  );
}
