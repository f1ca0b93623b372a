import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";

/** Hands out the rows of a query as they come; texts cost most to hand out. */
export async function eachRow(connection: DuckDBConnection, sql: string, take: (row: readonly DuckDBValue[]) => void): Promise<void> {
  const result = await connection.stream(sql);
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const row of chunk.getRows()) take(row);
  }
}
