import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { day, isoDate } from "../clock.ts";
import { predictionFolder } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { pathLiteral, query, withConnection } from "../storage/duckdb.ts";
import { readLabels } from "./labels.ts";
import type { LabelledPrediction } from "./types.ts";

export interface TimeWindow {
  /** Event time, milliseconds: from ≤ t < until. */
  readonly from: number;
  readonly until: number;
}

/**
 * The table expression over an endpoint's prediction log in a window: one row per predicted row and variant, a request that was
 * logged twice, with the same id and the same inputs, counted once (the first time it came). Undefined when nothing was logged then.
 */
export async function predictionRows(house: House, endpoint: string, window: TimeWindow): Promise<string | undefined> {
  const files = await logFiles(predictionFolder(house, endpoint), isoDate(window.from), isoDate(window.until - 1));
  if (files.length === 0) return undefined;
  return `(
    SELECT * FROM ${logRows(files.map(pathLiteral))}
    WHERE epoch_ms(event_time) >= ${window.from} AND epoch_ms(event_time) < ${window.until} AND status = 'ok'
    QUALIFY row_number() OVER (PARTITION BY request_id, row_index, row_digest, variant, version ORDER BY received_at) = 1
  )`;
}

/** The table expression over files of the log, given as literals; those of before, and of models without categories, have neither digests nor unseen ones. */
export const logRows = (files: readonly string[]): string =>
  `(SELECT * FROM read_parquet([${files.join(", ")}], union_by_name = true, hive_partitioning = false) UNION ALL BY NAME SELECT NULL::BIGINT AS row_digest, NULL::VARCHAR AS unseen WHERE false)`;

/** The files of an endpoint's log of the days from `first` to `last` (ISO dates), as literals of SQL. */
export const logFileList = async (house: House, endpoint: string, first: string, last: string): Promise<string[]> =>
  (await logFiles(predictionFolder(house, endpoint), first, last)).map(pathLiteral);

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

/** How many rows the endpoint answered in a window (shadow answers not counted). */
export async function countPredictions(house: House, endpoint: string, window: TimeWindow): Promise<number> {
  const rows = await predictionRows(house, endpoint, window);
  if (rows === undefined) return 0;
  return withConnection(async (connection) => {
    const [count] = await query<{ n: number }>(connection, `SELECT count(*) AS n FROM ${rows} WHERE NOT shadow`);
    return count?.n ?? 0;
  });
}

/**
 * Predictions of a window, shadow answers too, whose labels had arrived at `knownAt`, in order of event time and request id.
 */
export async function labelledPredictions(house: House, endpoint: string, window: TimeWindow, knownAt: number): Promise<LabelledPrediction[]> {
  const rows = await predictionRows(house, endpoint, window);
  if (rows === undefined) return [];
  return withConnection(async (connection) => {
    await loadLabels(connection, house, endpoint, { until: knownAt, from: window.from - day });
    const found = await query<Record<string, unknown>>(
      connection,
      `SELECT p.*, epoch_ms(p.event_time) AS event_ms, l.value AS label FROM ${rows} p
       JOIN labels l ON ${labelOfPrediction} ORDER BY p.event_time, p.request_id, p.row_index, p.variant`,
    );
    return found.map((row): LabelledPrediction => {
      const classes = Object.keys(row).filter((name) => name.startsWith("output_probability_") && row[name] !== null);
      return {
        requestId: String(row["request_id"]),
        rowIndex: Number(row["row_index"]),
        eventTime: Number(row["event_ms"]),
        variant: String(row["variant"]),
        version: Number(row["version"]),
        shadow: row["shadow"] === true,
        label: String(row["label"]),
        value: row["output_prediction"] == null ? Number.NaN : Number(row["output_prediction"]),
        probabilities: classes.map((name) => Number(row[name])),
        classes: classes.map((name) => name.slice("output_probability_".length)),
      };
    });
  });
}

/**
 * Whether label `l` is of prediction `p`: by id and row, and by the prediction it was found to be of; one whose id several predictions with other rows
 * have (event time −1) is of none.
 */
export const labelOfPrediction = "l.request_id = p.request_id AND l.row_index = p.row_index AND (l.of_event IS NULL OR l.of_event = epoch_ms(p.event_time))";

/** Puts the labels known by then into a temporary table `labels` of the connection. */
export async function loadLabels(
  connection: DuckDBConnection,
  house: House,
  endpoint: string,
  range: { from?: number; until: number },
): Promise<void> {
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

