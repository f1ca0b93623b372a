import type { DuckDBConnection } from "@duckdb/node-api";
import type { House } from "../../stage.ts";
import { literal, query } from "../../storage/duckdb.ts";
import { eachRow } from "../each-row.ts";
import { addErrors, errorOfClass, errorOfNumber, noErrors } from "../error-sums.ts";
import { readWindowRows } from "../log-files/window-rows.ts";
import { matchLabels } from "../match-labels.ts";
import { answerColumns, inOrder, isAnswer, labelOfPrediction, loadLabels, outputsOf, readingLog, type Outputs } from "../prediction-log.ts";
import type { ErrorSums, MonitorConfig, TimeWindow } from "../types.ts";
import { despiteUnreadable } from "../unreadable-files.ts";
import { sumErrors } from "./sum-errors.ts";
import { windowParts, type WindowPart } from "./window-part.ts";

/**
 * The live error of a window, from log and labels as they were known at `now` and from nothing else, summed in order of event time, request id and row: for what
 * clients got (`served`) and for each variant over all it answered, in the open or in the shadow. Undefined when the log has no file of the window's days that can be read.
 */
export async function computeWindow(house: House, config: MonitorConfig, window: TimeWindow, now: number): Promise<WindowPart[] | undefined> {
  const { endpoint } = config;
  const read = await despiteUnreadable(house, endpoint, () => readWindowRows(house, endpoint, window, isAnswer), () => matchLabels(house, endpoint));
  if (read.state === "nothing") return undefined;
  return read.state === "read" ? sumErrors(house, config, window, now, read.rows) : computeBySql(house, config, window, now);
}

/** The same by a database, which holds no more than a part of the window in memory. */
export function computeBySql(house: House, config: MonitorConfig, window: TimeWindow, now: number): Promise<WindowPart[] | undefined> {
  return readingLog<WindowPart[] | undefined>(house, config.endpoint, window, undefined, async (connection, rows) => {
    await loadLabels(connection, house, config.endpoint, { until: now, of: window });
    await connection.run(`CREATE OR REPLACE TEMP TABLE answered AS SELECT * REPLACE (version::INTEGER AS version) FROM (SELECT ${answerColumns} FROM ${rows})`);
    const outputs = await outputsOf(connection, "answered");
    const answered = await query<{ variant: string; version: number; open: number }>(
      connection,
      "SELECT variant, version, count(*) FILTER (NOT shadow) AS open FROM answered GROUP BY ALL ORDER BY ALL",
    );
    const predictions = answered.reduce((sum, { open }) => sum + open, 0);
    const parts = answered.map(({ variant, version }) => ({ variant, version, sums: noErrors }));
    let served = noErrors;
    if (answered.length > 0) {
      await eachError(connection, config, outputs, answered, (part, shadow, error) => {
        parts[part].sums = addErrors(parts[part].sums, error);
        if (!shadow) served = addErrors(served, error);
      });
    }
    return windowParts(parts, served, predictions);
  });
}

/** Hands out the error of each labelled row with the place of its variant in the list. Numbers alone leave the query: texts would take most of the time. */
async function eachError(
  connection: DuckDBConnection,
  { task }: MonitorConfig,
  outputs: Outputs,
  parts: readonly { readonly variant: string; readonly version: number }[],
  take: (part: number, shadow: boolean, error: ErrorSums) => void,
): Promise<void> {
  const part = `CASE ${parts.map(({ variant, version }, at) => `WHEN p.variant = ${literal(variant)} AND p.version = ${version} THEN ${at}`).join(" ")} END`;
  const label = task === "regression" ? "TRY_CAST(l.value AS DOUBLE)" : `list_position([${outputs.classes.map(literal).join(", ")}]::VARCHAR[], l.value)::INTEGER`;
  await eachRow(connection, `SELECT (${part})::INTEGER, p.shadow, ${label}, ${outputs.sql} FROM answered p JOIN labels l ON ${labelOfPrediction} ${inOrder}`, ([place, shadow, truth, value, ...probabilities]) => {
    const error = task === "regression" ? errorOfNumber(Number(value ?? Number.NaN), Number(truth ?? Number.NaN)) : errorOfClass(probabilities.filter((one) => one !== null).map(Number), positionOf(truth as number | null, probabilities));
    take(place as number, shadow === true, error);
  });
}

/** A class's place among those that the answering version has: of its place among all, counted from 1. */
function positionOf(place: number | null, probabilities: readonly unknown[]): number {
  if (place === null || place === 0 || probabilities[place - 1] === null) return -1;
  return probabilities.slice(0, place - 1).filter((one) => one !== null).length;
}
