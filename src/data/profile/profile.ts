import type { DuckDBConnection } from "@duckdb/node-api";
import { columnNotFound } from "../column-names.ts";
import { datasetColumns } from "../dataset-file.ts";
import { double, identifier, parquet, queryOne, query, withConnection } from "../../storage/duckdb.ts";
import type { Bin, CategoryProfile, ColumnProfile, NumberProfile, Profile, ValueCount } from "./profile-types.ts";
import { targetAssociations } from "./target-association.ts";
import { timeCondition } from "../time-range.ts";
import type { DatasetColumn, TimeRange } from "../types.ts";

export interface ProfileOptions {
  readonly filter?: TimeRange;
  /** Column whose association with every other column is measured. */
  readonly target?: string;
}

/** A column under a name that is safe in SQL (f0, f1 …). */
interface Field {
  readonly column: DatasetColumn;
  readonly field: string;
}

const bins = 20;
const quantileShares = Array.from({ length: bins + 1 }, (_, index) => index / bins);
const namedQuantiles = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 } as const;
/** TFDV's limit for a string domain. */
const fullList = 100;
const topList = 20;

/**
 * Exact statistics of a dataset's Parquet file (as `ingest` wrote it), computed by DuckDB off the JavaScript thread. Everything but the
 * histograms' counts and the categories' values comes from one pass.
 *
 * @throws `data.column_not_found` (the target), `data.not_a_dataset` and the codes of `timeCondition`
 */
export async function profileTable(path: string, options: ProfileOptions = {}): Promise<Profile> {
  return await withConnection(async (connection) => {
    const columns = await datasetColumns(connection, path);
    const target = columns.findIndex(({ name }) => name === options.target);
    if (options.target !== undefined && target === -1) {
      throw columnNotFound(options.target, columns.map(({ name }) => name), "target");
    }
    const list = columns.map((column, index) => `${readable(column)} AS f${index}`);
    const select = `SELECT ${list.join(", ")} FROM ${parquet(path)} WHERE ${timeCondition(options.filter, columns)}`;
    await connection.run(`CREATE TEMP TABLE profiled AS ${select}`);
    const fields = columns.map((column, index) => ({ column, field: `f${index}` }));
    const profiles = await profileColumns(connection, fields);
    const counts = await queryOne<{ rows: number; unique: number }>(
      connection,
      `SELECT (SELECT count(*) FROM profiled) AS rows, (SELECT count(*) FROM (SELECT DISTINCT * FROM profiled)) AS unique`,
    );
    const profile: Profile = { rows: counts.rows, duplicates: counts.rows - counts.unique, columns: profiles };
    if (options.target === undefined) return profile;
    return { ...profile, target: { column: options.target, associations: await targetAssociations(connection, fields, fields[target]) } };
  });
}

/** Numbers and times as DOUBLE, everything else as text. */
function readable({ name, type, stored }: DatasetColumn): string {
  if (type === "timestamp") return `epoch_ms(${identifier(name)})::DOUBLE`;
  if (type === "number") return `${identifier(name)}::DOUBLE`;
  return stored === "BOOLEAN" ? `${identifier(name)}::VARCHAR` : identifier(name);
}

interface FirstPass {
  readonly count: number;
  readonly rows: number;
  readonly distinct: number;
  readonly finite: number;
  readonly min: number | null;
  readonly max: number;
  readonly mean: number;
  readonly std: number;
  readonly zeros: number;
  readonly quantiles: readonly number[];
  readonly length: number | null;
}

const isNumeric = ({ column }: Field): boolean => column.type !== "category";

async function profileColumns(connection: DuckDBConnection, fields: readonly Field[]): Promise<ColumnProfile[]> {
  const structs = fields.map((each) => `struct_pack(${firstPass(each).join(", ")}) AS ${each.field}`);
  const first = await queryOne<Record<string, FirstPass>>(connection, `SELECT ${structs.join(", ")} FROM profiled`);
  const withValues = fields.filter((each) => isNumeric(each) && first[each.field].min !== null);
  const histograms = await countBins(connection, withValues, first);
  const profiles: ColumnProfile[] = [];
  for (const each of fields) {
    const pass = first[each.field];
    profiles.push(isNumeric(each) ? numberProfile(each, pass, histograms) : await categoryProfile(connection, each, pass));
  }
  return profiles;
}

function firstPass(each: Field): string[] {
  const x = each.field;
  const counts = ["rows := count(*)", `count := count(${x})`, `"distinct" := count(DISTINCT ${x})`];
  if (!isNumeric(each)) return [...counts, `length := avg(length(${x}))`];
  const finite = `CASE WHEN isfinite(${x}) THEN ${x} END`;
  const shares = [...quantileShares, ...Object.values(namedQuantiles)].join(", ");
  return [
    ...counts,
    `finite := count(${finite})`,
    `min := min(${finite})`,
    `max := max(${finite})`,
    `mean := avg(${finite})`,
    `std := stddev_pop(${finite})`,
    `zeros := count_if(${x} = 0)`,
    `quantiles := quantile_cont(${finite}, [${shares}])`,
  ];
}

function equalWidthEdges({ min, max }: FirstPass): number[] {
  if (min === null) return [];
  if (min === max) return [min, max];
  const edges = [...Array.from({ length: bins }, (_, index) => min + ((max - min) * index) / bins), max];
  // A range of a few representable numbers has fewer bins than that.
  return edges.filter((edge, index) => index === 0 || edge > edges[index - 1]);
}

/** Distinct 5 % quantiles; the smallest value twice when it alone fills the first 5 %, so that it gets a bin of its own. */
function quantileEdges({ quantiles }: FirstPass): number[] {
  const edges = quantiles.slice(0, bins + 1);
  const distinct = edges.filter((edge, index) => index === 0 || edge > edges[index - 1]);
  return edges[0] === edges[1] ? [edges[0], ...distinct] : distinct;
}

/** Counts for all histograms in one pass; DuckDB's bins are (previous bound, bound], the first reaching down without end. */
async function countBins(connection: DuckDBConnection, fields: readonly Field[], first: Record<string, FirstPass>): Promise<Map<string, Bin[]>> {
  const wanted = fields.flatMap(({ field }) => [
    { key: `${field}w`, field, edges: equalWidthEdges(first[field]) },
    { key: `${field}q`, field, edges: quantileEdges(first[field]) },
  ]);
  if (wanted.length === 0) return new Map();
  const list = wanted.map(({ key, field, edges }) => {
    const bounds = edges.slice(1).map(double);
    return `map_values(histogram(CASE WHEN isfinite(${field}) THEN ${field} END, [${bounds.join(", ")}])) AS ${key}`;
  });
  const counts = await queryOne<Record<string, number[]>>(connection, `SELECT ${list.join(", ")} FROM profiled`);
  // Bounds that DuckDB reads as one (subnormal numbers) share one bin; the others of them are empty.
  return new Map(
    wanted.map(({ key, edges }) => [key, edges.slice(1).map((high, index) => ({ low: edges[index], high, count: counts[key][index] ?? 0 }))]),
  );
}

function numberProfile({ column, field }: Field, pass: FirstPass, histograms: ReadonlyMap<string, Bin[]>): NumberProfile {
  const { count, rows, distinct, finite, min, max, mean, std, zeros, quantiles } = pass;
  const type = column.type === "timestamp" ? "timestamp" : "number";
  const counts = { name: column.name, type, stored: column.stored, count, missing: rows - count, distinct, infinite: count - finite } as const;
  if (min === null) return counts;
  const [p01, p05, p25, p50, p75, p95, p99] = quantiles.slice(bins + 1);
  const histogram = histograms.get(`${field}w`) ?? [];
  const quantileHistogram = histograms.get(`${field}q`) ?? [];
  return {
    ...counts,
    statistics: { min, max, mean, std, zeros, quantiles: { p01, p05, p25, p50, p75, p95, p99 }, histogram, quantileHistogram },
  };
}

async function categoryProfile(connection: DuckDBConnection, { column, field }: Field, pass: FirstPass): Promise<CategoryProfile> {
  const limit = pass.distinct <= fullList ? fullList : topList;
  const values = await query<ValueCount>(
    connection,
    `SELECT ${field} AS value, count(*) AS count FROM profiled WHERE ${field} IS NOT NULL GROUP BY ALL ORDER BY count DESC, value LIMIT ${limit}`,
  );
  const { name, stored } = column;
  const { count, rows, distinct, length } = pass;
  return { name, type: "category", stored, count, missing: rows - count, distinct, values, averageLength: length ?? 0 };
}
