import type { House } from "../../stage.ts";
import { parquet, query, withConnection } from "../../storage/duckdb.ts";
import { eachRow } from "../each-row.ts";
import type { Attempt } from "./attempts.ts";
import { exists, repeatsFile } from "./index-files.ts";
import { keySql, loadRows } from "./request-rows.ts";
import { rowsOf, runsOf } from "./runs.ts";

/** Runs of the index that are looked through together, the newest first: most labels are of the last weeks. */
const runsAtOnce = 31;

/**
 * The attempts of each of these rows that the index has, in the order of the rows. Of a row that was asked for once no more than the time is read: there is
 * nothing to tell it from.
 */
export async function findAttempts(house: House, endpoint: string, rows: readonly { readonly requestId: string; readonly rowIndex: number }[]): Promise<Attempt[][]> {
  const found = rows.map((): Attempt[] => []);
  await withConnection(async (connection) => {
    await loadRows(connection, "wanted", rows);
    // A row that was asked for several times has all its attempts in one place; any other has one.
    const repeats = repeatsFile(house, endpoint);
    if (await exists(repeats)) {
      const several = await query<Attempt & { place: number }>(
        connection,
        `SELECT w.place, i.digest::VARCHAR AS digest, i.event_time AS "eventTime", i.received_at AS "receivedAt", i.shadow
         FROM wanted w JOIN ${parquet(repeats)} i ON i.request_id = w.request_id AND i.row_index = w.row_index`,
      );
      for (const { place, ...attempt } of several) found[place].push(attempt);
    }
    const runs = (await runsOf(house, endpoint)).toReversed();
    for (let from = 0; from < runs.length; from += runsAtOnce) {
      const missing = [...rows.keys()].filter((place) => found[place].length === 0);
      if (missing.length === 0) return;
      await connection.run(`CREATE OR REPLACE TEMP TABLE missing AS SELECT place, ${keySql} AS key FROM wanted ${missing.length === rows.length ? "" : `WHERE place IN (${missing.join(", ")})`}`);
      await eachRow(connection, `SELECT w.place, i.event_time::DOUBLE FROM ${rowsOf(runs.slice(from, from + runsAtOnce))} i JOIN missing w USING (key)`, ([place, eventTime]) => {
        found[place as number].push({ digest: null, eventTime: eventTime as number, receivedAt: 0, shadow: false });
      });
    }
  });
  return found;
}
