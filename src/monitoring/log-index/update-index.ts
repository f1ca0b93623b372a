import type { DuckDBConnection } from "@duckdb/node-api";
import type { House } from "../../stage.ts";
import { parquet, literal, pathLiteral, query, withConnection } from "../../storage/duckdb.ts";
import { fetchRows } from "../../storage/fetch-rows.ts";
import { transact } from "../../storage/transactions.ts";
import { ofNone } from "../label-match.ts";
import { logRows } from "../log-rows.ts";
import { touch, type Touch } from "../windows/touched.ts";
import { eventOf, type Attempt } from "./attempts.ts";
import { exists, repeatsFile, writeIndexFile } from "./index-files.ts";
import { newFiles, noteRead, type NewFiles } from "./new-files.ts";
import { keySql, loadRows } from "./request-rows.ts";
import { addRun, onceEach, rowsOf, runColumns, runsOf } from "./runs.ts";
import { labelColumns, writeMatches, type Match, type MatchedLabel } from "./write-matches.ts";

/** Days whose new files are read together, at most. */
const daysAtOnce = 16;

/**
 * Takes into the index what has come to the log since the last time: finds rows that were asked for before (retries, and request ids that came again for other
 * rows), gives labels that waited their prediction, and notes which minutes are touched. Killed in between, it does the same again. Says how many labels met their prediction.
 */
export async function updateIndex(house: House, endpoint: string, left: ReadonlySet<string>): Promise<number> {
  const fresh = await newFiles(house, endpoint, left);
  let met = 0;
  for (let from = 0; from < fresh.length; from += daysAtOnce) met += await take(house, endpoint, fresh.slice(from, from + daysAtOnce));
  return met;
}

async function take(house: House, endpoint: string, days: readonly NewFiles[]): Promise<number> {
  return withConnection(async (connection) => {
    await readFresh(connection, house, endpoint, days);
    const repeated = await readRepeated(connection);
    const came = await query<{ minute: number; n: number }>(
      connection,
      `SELECT floor(event_time / 60000)::BIGINT * 60000 AS minute, count(*) AS n FROM fresh f
       WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.key = f.key AND k.digest IS NOT DISTINCT FROM f.digest AND k.event_time = f.event_time AND k.shadow <= f.shadow) GROUP BY ALL ORDER BY ALL`,
    );
    const touches: Touch[] = [
      ...came.map(({ minute, n }) => ({ eventTime: minute, cause: "predictions" as const, count: n })),
      ...repeated.flatMap(({ attempts }) => attempts.map(({ eventTime }) => ({ eventTime, cause: "repeats" as const }))),
    ];
    const matches = [...(await rematch(house, endpoint, repeated)), ...(await matchWaiting(connection, house, endpoint, repeated))];
    await transact(house.db, async (transaction) => {
      await touch(transaction, endpoint, touches);
      await writeMatches(transaction, endpoint, matches);
    });
    if (repeated.length > 0) await writeRepeats(connection, house, endpoint);
    await addRun(connection, house, endpoint, "fresh");
    for (const day of days) await noteRead(house, endpoint, day);
    return matches.filter(({ label, eventTime }) => (label.eventTime ?? ofNone) === ofNone && eventTime !== ofNone).length;
  });
}

/** `fresh`: the rows of the new files, once for each attempt; `known`: attempts of the same rows that the index has; `repeated`: all attempts of rows that have several. */
async function readFresh(connection: DuckDBConnection, house: House, endpoint: string, days: readonly NewFiles[]): Promise<void> {
  const files = days.flatMap(({ paths }) => paths.map(pathLiteral));
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE fresh AS SELECT ${keySql} AS key, any_value(request_id) AS request_id, any_value(row_index) AS row_index, row_digest AS digest, epoch_ms(event_time) AS event_time,
      min(epoch_ms(received_at)) AS received_at, bool_and(shadow) AS shadow FROM ${logRows(files)} WHERE status = 'ok' GROUP BY ALL`,
  );
  const runs = await runsOf(house, endpoint);
  await connection.run(`CREATE OR REPLACE TEMP TABLE known AS SELECT ${runColumns} FROM ${runs.length === 0 ? "fresh WHERE false" : `${rowsOf(runs)} WHERE key IN (SELECT key FROM fresh)`}`);
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS
     WITH together AS (
       SELECT * FROM ${onceEach(`(SELECT ${runColumns} FROM fresh UNION ALL SELECT ${runColumns} FROM known)`)}
     ), several AS (SELECT key FROM together GROUP BY key HAVING count(*) > 1),
     ids AS (SELECT key, any_value(request_id) AS request_id, any_value(row_index) AS row_index FROM fresh WHERE key IN (SELECT key FROM several) GROUP BY key)
     SELECT ids.request_id, ids.row_index, t.digest, t.event_time, t.received_at, t.shadow, t.key FROM together t JOIN ids USING (key)`,
  );
}

interface Repeated {
  readonly requestId: string;
  readonly rowIndex: number;
  readonly attempts: readonly Attempt[];
}

async function readRepeated(connection: DuckDBConnection): Promise<Repeated[]> {
  const rows = await query<Attempt & { requestId: string; rowIndex: number }>(
    connection,
    `SELECT request_id AS "requestId", row_index AS "rowIndex", digest::VARCHAR AS digest, event_time AS "eventTime", received_at AS "receivedAt", shadow FROM repeated ORDER BY request_id, row_index, event_time`,
  );
  return [...Map.groupBy(rows, ({ requestId, rowIndex }) => `${rowIndex} ${requestId}`).values()].map((attempts) => ({ ...attempts[0], attempts }));
}

/** Labels of rows that turned out to have been asked for several times, for which that makes a difference. */
async function rematch(house: House, endpoint: string, repeated: readonly Repeated[]): Promise<Match[]> {
  const labels = await labelsOf(house, endpoint, repeated.map(({ requestId }) => requestId));
  return repeated.flatMap(({ requestId, rowIndex, attempts }) => {
    const label = labels.get(`${rowIndex} ${requestId}`);
    if (!label) return [];
    const eventTime = eventOf(attempts, label.arrivedAt);
    return eventTime === label.eventTime ? [] : [{ label, eventTime, cause: (label.eventTime ?? ofNone) === ofNone ? undefined : ("repeats" as const) }];
  });
}

async function labelsOf(house: House, endpoint: string, requestIds: readonly string[]): Promise<Map<string, MatchedLabel>> {
  const ids = [...new Set(requestIds)];
  const found = new Map<string, MatchedLabel>();
  for (let from = 0; from < ids.length; from += 5000) {
    const part = ids.slice(from, from + 5000);
    const text = `select ${labelColumns} from labels where endpoint = ? and request_id in (${part.map(() => "?").join(", ")})`;
    for (const label of await fetchRows<MatchedLabel>(house.db, text, [endpoint, ...part])) found.set(`${label.rowIndex} ${label.requestId}`, label);
  }
  return found;
}

/** Labels that came before their prediction, which is there now. */
async function matchWaiting(connection: DuckDBConnection, house: House, endpoint: string, repeated: readonly Repeated[]): Promise<Match[]> {
  const waiting = await fetchRows<MatchedLabel>(house.db, `select ${labelColumns} from labels where endpoint = ? and event_time = ${ofNone}`, [endpoint]);
  if (waiting.length === 0) return [];
  const several = new Set(repeated.map(({ requestId, rowIndex }) => `${rowIndex} ${requestId}`));
  await loadRows(connection, "waiting", waiting);
  const found = await query<{ place: number; time: number }>(connection, "SELECT w.place, f.event_time AS time FROM waiting w JOIN fresh f ON f.request_id = w.request_id AND f.row_index = w.row_index");
  return found.map(({ place, time }) => ({ label: waiting[place], eventTime: time, cause: undefined })).filter(({ label }) => !several.has(`${label.rowIndex} ${label.requestId}`));
}

async function writeRepeats(connection: DuckDBConnection, house: House, endpoint: string): Promise<void> {
  const file = repeatsFile(house, endpoint);
  const columns = "request_id, row_index, digest, event_time, received_at, shadow";
  const before = (await exists(file)) ? `SELECT ${columns} FROM ${parquet(file)} p WHERE NOT EXISTS (SELECT 1 FROM repeated r WHERE r.request_id = p.request_id AND r.row_index = p.row_index) UNION ALL` : "";
  await writeIndexFile(file, async (temporary) => {
    await connection.run(`COPY (${before} SELECT ${columns} FROM repeated ORDER BY request_id, row_index, event_time) TO ${literal(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
  });
}
