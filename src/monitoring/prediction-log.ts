import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { isoDate } from "../clock.ts";
import { predictionFolder } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { identifier, parquet, pathLiteral, query, withConnection } from "../storage/duckdb.ts";
import { eachRow } from "./each-row.ts";
import { eachLabel } from "./labels.ts";
import { firstOf } from "./log-index/attempts.ts";
import { folded } from "./log-index/folds.ts";
import { exists, repeatsFile } from "./log-index/index-files.ts";
import { logRows } from "./log-rows.ts";
import { matchLabels } from "./match-labels.ts";
import type { LabelledPrediction, TimeWindow } from "./types.ts";
import { despiteUnreadable, leftOut } from "./unreadable-files.ts";

/**
 * The table expression over an endpoint's prediction log in a window: one row per predicted row and variant, a request that was
 * logged several times, with the same id and the same inputs, counted once (the first time it came), however late it came again. Undefined when nothing was
 * logged then.
 */
async function predictionRows(house: House, endpoint: string, window: TimeWindow): Promise<string | undefined> {
  const left = await leftOut(house, endpoint);
  const files = await windowFiles(house, endpoint, window, left);
  if (files.length === 0) return undefined;
  // Of a part of the log the columns are those of its own files.
  const read = window.from === 0 ? await folded(house, endpoint, files, left) : files;
  const repeats = repeatsFile(house, endpoint);
  const counted = (await exists(repeats))
    ? `AND NOT EXISTS (
        SELECT 1 FROM (SELECT request_id, row_index, digest, first(event_time ${firstOf}) AS event_time FROM ${parquet(repeats)} GROUP BY ALL) first_attempt
        WHERE first_attempt.request_id = log.request_id AND first_attempt.row_index = log.row_index AND first_attempt.digest IS NOT DISTINCT FROM log.row_digest
          AND first_attempt.event_time <> epoch_ms(log.event_time))`
    : "";
  return `(
    SELECT * FROM ${logRows(read.map(pathLiteral))} log
    WHERE epoch_ms(event_time) >= ${window.from} AND epoch_ms(event_time) < ${window.until} AND status = 'ok' ${counted}
    QUALIFY row_number() OVER (PARTITION BY request_id, row_index, row_digest, variant, version ORDER BY received_at) = 1
  )`;
}

/** Reads the log of a window (`predictionRows`), without the files that cannot be read; `none` where nothing was logged then. */
export const readingLog = <T>(house: House, endpoint: string, window: TimeWindow, none: T, read: (connection: DuckDBConnection, rows: string) => Promise<T>): Promise<T> =>
  despiteUnreadable(house, endpoint, async () => {
    const rows = await predictionRows(house, endpoint, window);
    return rows === undefined ? none : withConnection((connection) => read(connection, rows));
  }, () => matchLabels(house, endpoint));

/** The names of the days of an endpoint's log, in order. */
export async function loggedDays(house: House, endpoint: string): Promise<string[]> {
  const found = await readdir(predictionFolder(house, endpoint), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return found.filter((one) => one.isDirectory()).map(({ name }) => name).toSorted(byName);
}

/** The files of an endpoint's log that may hold rows of a window, in order of name, but for those that are left out. */
export async function windowFiles(house: House, endpoint: string, window: TimeWindow, left: ReadonlySet<string>): Promise<string[]> {
  const [folder, first, last] = [predictionFolder(house, endpoint), isoDate(window.from), isoDate(window.until - 1)];
  const wanted = (await loggedDays(house, endpoint)).filter((date) => date >= first && date <= last && !left.has(join(folder, date)));
  const files = await Promise.all(
    wanted.map(async (date) => (await readdir(join(folder, date))).filter((name) => name.endsWith(".parquet")).toSorted(byName).map((name) => join(folder, date, name)).filter((file) => !left.has(file))),
  );
  return files.flat();
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/** Predictions of a window, shadow answers too, whose labels had arrived at `knownAt`, in order of event time and request id. */
export async function labelledPredictions(house: House, endpoint: string, window: TimeWindow, knownAt: number): Promise<LabelledPrediction[]> {
  return readingLog(house, endpoint, window, [], async (connection, rows) => {
    await loadLabels(connection, house, endpoint, { until: knownAt, of: window });
    const outputs = await outputsOf(connection, rows);
    const found: LabelledPrediction[] = [];
    const columns = `p.request_id, p.row_index::INTEGER, epoch_ms(p.event_time)::DOUBLE, p.variant, p.version::INTEGER, p.shadow, l.value, ${outputs.sql}`;
    await eachRow(connection, `SELECT ${columns} FROM ${rows} p JOIN labels l ON ${labelOfPrediction} ${inOrder}`, ([id, index, time, variant, version, shadow, label, ...answer]) => {
      found.push({
        requestId: id as string,
        rowIndex: index as number,
        eventTime: time as number,
        variant: variant as string,
        version: version as number,
        shadow: shadow === true,
        label: label as string,
        value: Number(answer[0] ?? Number.NaN),
        ...answeredClasses(outputs.classes, answer),
      });
    });
    return found;
  });
}

/** The order in which errors are summed. */
export const inOrder = "ORDER BY p.event_time, p.request_id, p.row_index, p.variant, p.version";

/** What the columns of probabilities begin with; the class follows. */
export const probability = "output_probability_";

/** Whether errors are made of a column. */
export const isAnswer = (name: string): boolean => name === "output_prediction" || name.startsWith(probability);

/** The columns of a log that errors are made of, in SQL. */
export const answerColumns = `COLUMNS(name -> name IN ('request_id', 'row_index', 'event_time', 'variant', 'version', 'shadow', 'output_prediction') OR starts_with(name, '${probability}'))`;

/** The outputs that errors are made of, as columns of `p`: a number (null of classifiers), then a probability for each of the classes. */
export interface Outputs {
  readonly sql: string;
  readonly classes: readonly string[];
}

/** The outputs in a log. */
export async function outputsOf(connection: DuckDBConnection, rows: string): Promise<Outputs> {
  const names = (await query<{ column_name: string }>(connection, `DESCRIBE SELECT * FROM ${rows}`)).map((row) => row.column_name);
  const probabilities = names.filter((name) => name.startsWith(probability));
  const number = names.includes("output_prediction") ? "p.output_prediction" : "NULL::DOUBLE AS output_prediction";
  return { sql: [number, ...probabilities.map((name) => `p.${identifier(name)}`)].join(", "), classes: probabilities.map((name) => name.slice(probability.length)) };
}

/** The classes of the version that answered, with their probabilities: those of versions before or after are null. */
function answeredClasses(classes: readonly string[], [, ...answer]: readonly DuckDBValue[]): Pick<LabelledPrediction, "classes" | "probabilities"> {
  const there = answer.every((value) => value !== null) ? undefined : [...answer.keys()].filter((at) => answer[at] !== null);
  return { classes: there ? there.map((at) => classes[at]) : classes, probabilities: (there ? there.map((at) => answer[at]) : answer).map(Number) };
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
  await eachLabel(house.db, endpoint, range, (label) => {
    appender.appendVarchar(label.requestId);
    appender.appendBigInt(BigInt(label.rowIndex));
    appender.appendVarchar(label.value);
    if (label.eventTime === null) appender.appendNull();
    else appender.appendBigInt(BigInt(label.eventTime));
    appender.endRow();
  });
  appender.closeSync();
}
