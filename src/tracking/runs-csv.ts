import { Readable } from "node:stream";
import type { Database } from "../storage/database.ts";
import { csvCell } from "./csv.ts";
import { idsOfRuns, readRows, type RunsQuestion } from "./run-table.ts";

const slice = 1000;

/** The runs that answer to a question as CSV, read a thousand at a time while they are sent. */
export async function runsAsCsv(db: Database, question: RunsQuestion, columns: readonly string[]): Promise<Readable> {
  // Before the first byte leaves, so that a filter that is wrong is an error and not half a file.
  const ids = await idsOfRuns(db, question);
  return Readable.from(lines(db, ids, columns));
}

async function* lines(db: Database, ids: readonly string[], columns: readonly string[]): AsyncGenerator<string> {
  yield line(["run_id", "name", "status", "started", "ended", "user", ...columns]);
  const moment = (time: number | null): string => (time === null ? "" : new Date(time).toISOString());
  for (let from = 0; from < ids.length; from += slice) {
    const rows = await readRows(db, ids.slice(from, from + slice), columns);
    yield rows.map((row) => line([row.id, row.name, row.status, moment(row.startedAt), moment(row.endedAt), row.userId, ...columns.map((column) => row.values[column])])).join("");
  }
}

const line = (cells: readonly (string | number | undefined)[]): string => `${cells.map(csvCell).join(",")}\r\n`;
