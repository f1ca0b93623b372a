import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { isoDate } from "../clock.ts";
import { predictionFolder } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { parquet, pathLiteral, query, withConnection } from "../storage/duckdb.ts";
import { readLabels } from "./labels.ts";
import { firstOf } from "./log-index/attempts.ts";
import { exists, repeatsFile } from "./log-index/index-files.ts";
import { logRows } from "./log-rows.ts";
import type { LabelledPrediction, TimeWindow } from "./types.ts";

/**
 * The table expression over an endpoint's prediction log in a window: one row per predicted row and variant, a request that was
 * logged several times, with the same id and the same inputs, counted once (the first time it came), however late it came again. Undefined when nothing was
 * logged then.
 */
export async function predictionRows(house: House, endpoint: string, window: TimeWindow): Promise<string | undefined> {
  const files = await logFiles(predictionFolder(house, endpoint), isoDate(window.from), isoDate(window.until - 1));
  if (files.length === 0) return undefined;
  const repeats = repeatsFile(house, endpoint);
  const counted = (await exists(repeats))
    ? `AND NOT EXISTS (
        SELECT 1 FROM (SELECT request_id, row_index, digest, first(event_time ${firstOf}) AS event_time FROM ${parquet(repeats)} GROUP BY ALL) first_attempt
        WHERE first_attempt.request_id = log.request_id AND first_attempt.row_index = log.row_index AND first_attempt.digest IS NOT DISTINCT FROM log.row_digest
          AND first_attempt.event_time <> epoch_ms(log.event_time))`
    : "";
  return `(
    SELECT * FROM ${logRows(files.map(pathLiteral))} log
    WHERE epoch_ms(event_time) >= ${window.from} AND epoch_ms(event_time) < ${window.until} AND status = 'ok' ${counted}
    QUALIFY row_number() OVER (PARTITION BY request_id, row_index, row_digest, variant, version ORDER BY received_at) = 1
  )`;
}

/** The files of the days from `first` to `last` (ISO dates), in order of name. */
async function logFiles(folder: string, first: string, last: string): Promise<string[]> {
  const dates = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const wanted = dates.filter((date) => date >= first && date <= last).toSorted(byName);
  const files = await Promise.all(
    wanted.map(async (date) => (await readdir(join(folder, date))).filter((name) => name.endsWith(".parquet")).toSorted(byName).map((name) => join(folder, date, name))),
  );
  return files.flat();
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/** How many rows the endpoint answered in a window (shadow answers not counted); undefined when the log has nothing of its days. */
export async function countPredictions(house: House, endpoint: string, window: TimeWindow): Promise<number | undefined> {
  const rows = await predictionRows(house, endpoint, window);
  if (rows === undefined) return undefined;
  return withConnection(async (connection) => {
    const [count] = await query<{ n: number }>(connection, `SELECT count(*) AS n FROM ${rows} WHERE NOT shadow`);
    return count?.n ?? 0;
  });
}

/** Predictions of a window, shadow answers too, whose labels had arrived at `knownAt`, in order of event time and request id. */
export async function labelledPredictions(house: House, endpoint: string, window: TimeWindow, knownAt: number): Promise<LabelledPrediction[]> {
  const found: LabelledPrediction[] = [];
  await eachLabelled(house, endpoint, window, knownAt, (prediction) => found.push(prediction));
  return found;
}

const probability = "output_probability_";

/** Hands out the predictions of a window one after the other, as `labelledPredictions` orders them. */
export async function eachLabelled(house: House, endpoint: string, window: TimeWindow, knownAt: number, take: (prediction: LabelledPrediction) => void): Promise<void> {
  const rows = await predictionRows(house, endpoint, window);
  if (rows === undefined) return;
  await withConnection(async (connection) => {
    await loadLabels(connection, house, endpoint, { until: knownAt, of: window });
    // `variant` is in the pattern since one that fits no column is an error.
    const result = await connection.stream(
      `SELECT p.request_id, p.row_index::INTEGER, epoch_ms(p.event_time)::DOUBLE, p.version::INTEGER, p.shadow, l.value, COLUMNS('^(variant|output_prediction|${probability}.*)$')
       FROM ${rows} p JOIN labels l ON ${labelOfPrediction} ORDER BY p.event_time, p.request_id, p.row_index, p.variant, p.version`,
    );
    const names = result.columnNames();
    const [variant, value] = [names.indexOf("variant"), names.indexOf("output_prediction")];
    const outputs = [...names.keys()].filter((at) => names[at].startsWith(probability));
    const classNames = outputs.map((at) => names[at].slice(probability.length));
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      for (const row of chunk.getRows()) {
        // Models of before or after may have had other classes.
        const all = outputs.every((at) => row[at] !== null);
        take({
          requestId: row[0] as string,
          rowIndex: row[1] as number,
          eventTime: row[2] as number,
          version: row[3] as number,
          shadow: row[4] === true,
          label: row[5] as string,
          variant: row[variant] as string,
          value: value < 0 || row[value] === null ? Number.NaN : Number(row[value]),
          probabilities: (all ? outputs : outputs.filter((at) => row[at] !== null)).map((at) => Number(row[at])),
          classes: all ? classNames : classNames.filter((_, at) => row[outputs[at]] !== null),
        });
      }
    }
  });
}

/**
 * Whether label `l` is of prediction `p`: by id and row, and by the prediction it was found to be of; one whose id several predictions with other rows
 * have is of none, nor is one that waits (`label-match.ts`).
 */
export const labelOfPrediction = "l.request_id = p.request_id AND l.row_index = p.row_index AND (l.of_event IS NULL OR l.of_event = epoch_ms(p.event_time))";

/** Puts the labels known by then into a temporary table `labels` of the connection; `of` takes those of predictions of that time alone. */
export async function loadLabels(connection: DuckDBConnection, house: House, endpoint: string, range: { readonly until: number; readonly of?: TimeWindow }): Promise<void> {
  await connection.run("CREATE OR REPLACE TEMP TABLE labels (request_id VARCHAR, row_index BIGINT, value VARCHAR, of_event BIGINT)");
  const appender = await connection.createAppender("labels");
  for (const label of await readLabels(house.db, endpoint, range)) {
    appender.appendVarchar(label.requestId);
    appender.appendBigInt(BigInt(label.rowIndex));
    appender.appendVarchar(label.value);
    if (label.eventTime === null) appender.appendNull();
    else appender.appendBigInt(BigInt(label.eventTime));
    appender.endRow();
  }
  appender.closeSync();
}
