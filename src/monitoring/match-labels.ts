import { day, isoDate } from "../clock.ts";
import { flushPredictions } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { query, withConnection } from "../storage/duckdb.ts";
import { transact } from "../storage/transactions.ts";
import { logFileList, logRows } from "./prediction-log.ts";
import { monitoringTables, type MonitoringTables } from "./store.ts";

/** Predictions are looked for so long before their label; older ones only when a label comes, not at every turn. */
const usualDelay = 31 * day;

/** The event time of a label whose id several predictions with other rows have. */
const ofSeveral = -1;

type Waiting = Pick<MonitoringTables["labels"], "request_id" | "row_index" | "value" | "arrived_at">;

/**
 * Notes of labels that wait which prediction they are of, as far as the log has it by now. `thorough` looks through the whole log for those that the last
 * month does not have. What the gateway holds back is not seen: flush it first. Says how many met a prediction.
 */
export async function matchLabels(house: House, endpoint: string, until: number, options: { readonly thorough: boolean }): Promise<number> {
  const waiting = await monitoringTables(house.db)
    .selectFrom("labels")
    .select(["request_id", "row_index", "value", "arrived_at"])
    .where("endpoint", "=", endpoint)
    .where("event_time", "is", null)
    .where("arrived_at", "<=", until)
    .execute();
  if (waiting.length === 0) return 0;
  const earliest = waiting.reduce((least, label) => Math.min(least, label.arrived_at), Infinity) - usualDelay;
  const recent = await logFileList(house, endpoint, isoDate(earliest), "9999-12-31");
  const met = await join(waiting, recent);
  const rest = waiting.filter((label) => !met.has(keyOf(label)));
  if (options.thorough && rest.length > 0) {
    const all = await logFileList(house, endpoint, "0000-01-01", "9999-12-31");
    for (const [key, time] of await join(rest, all.filter((file) => !recent.includes(file)))) met.set(key, time);
  }
  const found = waiting.filter((label) => met.has(keyOf(label)));
  await transact(house.db, async (transaction) => {
    for (let from = 0; from < found.length; from += 1000) {
      await monitoringTables(transaction)
        .insertInto("labels")
        .values(found.slice(from, from + 1000).map((label) => ({ endpoint, ...label, event_time: met.get(keyOf(label))! })))
        .onConflict((conflict) => conflict.columns(["endpoint", "request_id", "row_index"]).doUpdateSet((row) => ({ event_time: row.ref("excluded.event_time") })))
        .execute();
    }
  });
  return found.length;
}

const keyOf = ({ request_id, row_index }: Pick<Waiting, "request_id" | "row_index">): string => `${row_index} ${request_id}`;

/** The event times of the predictions that labels are of; −1 where several with other rows have the id: nobody can say of which the label is. */
async function join(labels: readonly Waiting[], files: readonly string[]): Promise<Map<string, number>> {
  if (files.length === 0) return new Map();
  return withConnection(async (connection) => {
    await connection.run("CREATE OR REPLACE TEMP TABLE waiting (request_id VARCHAR, row_index BIGINT)");
    const appender = await connection.createAppender("waiting");
    for (const { request_id, row_index } of labels) {
      appender.appendVarchar(request_id);
      appender.appendBigInt(BigInt(row_index));
      appender.endRow();
    }
    appender.closeSync();
    const found = await query<{ request_id: string; row_index: number; time: number }>(
      connection,
      `SELECT w.request_id, w.row_index, CASE WHEN count(DISTINCT p.row_digest) > 1 THEN ${ofSeveral} ELSE min(epoch_ms(p.event_time)) END AS time
       FROM ${logRows(files)} p
       JOIN waiting w ON w.request_id = p.request_id AND w.row_index = p.row_index WHERE p.status = 'ok' AND NOT p.shadow GROUP BY ALL`,
    );
    return new Map(found.map((row) => [keyOf(row), row.time]));
  });
}

/** How many labels there are of an endpoint, how many of them are of a prediction, and since when the others wait. */
export interface LabelCounts {
  readonly labels: number;
  readonly matched: number;
  readonly waiting: number;
  /** Those whose request id several predictions with other rows have: they count for nothing. */
  readonly ambiguous: number;
  /** When the first of those that wait arrived. */
  readonly waitingSince: number | null;
}

export async function countMatched(house: House, endpoint: string, until: number): Promise<LabelCounts> {
  const labels = monitoringTables(house.db).selectFrom("labels").where("endpoint", "=", endpoint).where("arrived_at", "<=", until);
  const all = await labels.select(({ fn }) => [fn.countAll<number>().as("n"), fn.count<number>("event_time").as("found")]).executeTakeFirstOrThrow();
  const { ambiguous } = await labels.where("event_time", "=", ofSeveral).select(({ fn }) => fn.countAll<number>().as("ambiguous")).executeTakeFirstOrThrow();
  const first = await labels.where("event_time", "is", null).select(({ fn }) => fn.min("arrived_at").as("since")).executeTakeFirst();
  return { labels: all.n, matched: all.found - ambiguous, waiting: all.n - all.found, ambiguous, waitingSince: first?.since ?? null };
}

/** How many of these labels, which were just stored, are of a prediction, and how many might be of several. */
export async function countMet(house: House, endpoint: string, labels: readonly { readonly requestId: string; readonly rowIndex: number }[]): Promise<{ matched: number; ambiguous: number }> {
  await flushPredictions(house);
  await matchLabels(house, endpoint, Number.MAX_SAFE_INTEGER, { thorough: true });
  const ids = [...new Set(labels.map(({ requestId }) => requestId))];
  const met = new Map<string, number>();
  for (let from = 0; from < ids.length; from += 500) {
    const rows = await monitoringTables(house.db)
      .selectFrom("labels")
      .select(["request_id", "row_index", "event_time"])
      .where("endpoint", "=", endpoint)
      .where("event_time", "is not", null)
      .where("request_id", "in", ids.slice(from, from + 500))
      .execute();
    for (const row of rows) met.set(keyOf(row), Number(row.event_time));
  }
  const times = labels.map(({ requestId, rowIndex }) => met.get(keyOf({ request_id: requestId, row_index: rowIndex })));
  return { matched: times.filter((time) => time !== undefined && time !== ofSeveral).length, ambiguous: times.filter((time) => time === ofSeveral).length };
}
