import type { DuckDBConnection } from "@duckdb/node-api";

/** Puts rows of requests into a temporary table (`place` is that in the list). */
export async function loadRows(connection: DuckDBConnection, table: string, rows: readonly { readonly requestId: string; readonly rowIndex: number }[]): Promise<void> {
  await connection.run(`CREATE OR REPLACE TEMP TABLE ${table} (place INTEGER, request_id VARCHAR, row_index BIGINT)`);
  const appender = await connection.createAppender(table);
  for (const [at, { requestId, rowIndex }] of rows.entries()) {
    appender.appendInteger(at);
    appender.appendVarchar(requestId);
    appender.appendBigInt(BigInt(rowIndex));
    appender.endRow();
  }
  appender.closeSync();
}
