import type { DuckDBConnection } from "@duckdb/node-api";
import { invalid } from "../errors.ts";
import { parquet, query } from "../storage/duckdb.ts";
import { columnType } from "./types.ts";
import type { DatasetColumn, StoredType } from "./types.ts";

const storedTypes: ReadonlySet<string> = new Set<StoredType>(["BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP"]);

/**
 * The columns of a Parquet file that `ingest` wrote.
 *
 * @throws `data.not_a_dataset` when the file is missing, is no Parquet, or has a column of a type that `ingest` does not write
 */
export async function datasetColumns(connection: DuckDBConnection, path: string): Promise<DatasetColumn[]> {
  const described = await query<{ column_name: string; column_type: string }>(connection, `DESCRIBE SELECT * FROM ${parquet(path)}`).catch(
    (cause: unknown) => {
      const said = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
      throw invalid("data.not_a_dataset", `${path} cannot be read as a dataset: ${said}`, { file: path });
    },
  );
  return described.map(({ column_name: name, column_type: type }) => {
    if (!storedTypes.has(type)) {
      throw invalid("data.not_a_dataset", `Column "${name}" of ${path} is ${type}, which ingest does not write; ingest the file first.`, {
        file: path,
        column: name,
      });
    }
    return { name, stored: type as StoredType, type: columnType(type as StoredType) };
  });
}
