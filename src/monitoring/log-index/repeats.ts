import type { DuckDBConnection } from "@duckdb/node-api";
import type { House } from "../../stage.ts";
import { literal, parquet, query } from "../../storage/duckdb.ts";
import type { Attempt } from "./attempts.ts";
import type { Repeated } from "./fresh-rows.ts";
import { exists, repeatsFile, writeIndexFile } from "./index-files.ts";
import { loadRows } from "./request-rows.ts";

const columns = "request_id, row_index, digest, event_time, received_at, shadow";

/** Puts all attempts of rows in the place of those that were known of them. */
export async function writeRepeats(connection: DuckDBConnection, house: House, endpoint: string, repeated: readonly Repeated[]): Promise<void> {
  const file = repeatsFile(house, endpoint);
  await connection.run("CREATE OR REPLACE TEMP TABLE repeated (request_id VARCHAR, row_index BIGINT, digest BIGINT, event_time BIGINT, received_at BIGINT, shadow BOOLEAN)");
  const appender = await connection.createAppender("repeated");
  for (const { requestId, rowIndex, attempts } of repeated) {
    for (const { digest, eventTime, receivedAt, shadow } of attempts) {
      appender.appendVarchar(requestId);
      appender.appendBigInt(BigInt(rowIndex));
      if (digest === null) appender.appendNull();
      else appender.appendBigInt(BigInt(digest));
      appender.appendBigInt(BigInt(eventTime));
      appender.appendBigInt(BigInt(receivedAt));
      appender.appendBoolean(shadow);
      appender.endRow();
    }
  }
  appender.closeSync();
  const before = (await exists(file)) ? `SELECT ${columns} FROM ${parquet(file)} p WHERE NOT EXISTS (SELECT 1 FROM repeated r WHERE r.request_id = p.request_id AND r.row_index = p.row_index) UNION ALL` : "";
  await writeIndexFile(file, async (temporary) => {
    await connection.run(`COPY (${before} SELECT ${columns} FROM repeated ORDER BY request_id, row_index, event_time) TO ${literal(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
  });
}

/** The attempts of those of some rows that were asked for several times, by their place in the list. */
export async function findRepeats(connection: DuckDBConnection, house: House, endpoint: string, rows: readonly { readonly requestId: string; readonly rowIndex: number }[]): Promise<(Attempt & { readonly place: number })[]> {
  await loadRows(connection, "wanted", rows);
  return query(
    connection,
    `SELECT w.place, i.digest::VARCHAR AS digest, i.event_time AS "eventTime", i.received_at AS "receivedAt", i.shadow
     FROM wanted w JOIN ${parquet(repeatsFile(house, endpoint))} i ON i.request_id = w.request_id AND i.row_index = w.row_index`,
  );
}
