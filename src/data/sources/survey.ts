import { open } from "node:fs/promises";
import { mostThreads, onThread } from "../../threads.ts";
import { SurveyColumn } from "../columns/survey-column.ts";
import type { CsvLayout, Layout } from "./layout.ts";
import type { LineNumbers } from "./line-numbers.ts";
import { CsvFault } from "./scan-csv.ts";
import { streamCells } from "./stream-cells.ts";
import { packedPart, surveyPart, type PackedPart, type SurveyedPart, type SurveyPart } from "./survey-part.ts";

/** What every cell of a source is, column by column. */
export interface Survey {
  readonly surveys: readonly SurveyColumn[];
  readonly rows: number;
  /** Delimited text only. */
  readonly lines?: LineNumbers;
}

/** Bytes of cells that are remembered from a first reading, so that there need be no second. */
const mostRemembered = 512 * 2 ** 20;
/** A smaller part is read before a thread has begun. */
const leastPart = 8 << 20;
/** Bytes in which a line end is looked for. */
const windowBytes = 1 << 16;

/** Surveys every column of a table's file, delimited text of some size on several threads. @throws as `streamCells` */
export async function survey(layout: Layout, size: number, parts?: number): Promise<Survey> {
  if (layout.csv) return await surveyText(layout.path, layout.csv, Math.min(size, layout.csv.until ?? Infinity), parts);
  const surveys = layout.columns.map(({ floats }) => new SurveyColumn(floats));
  return { surveys, rows: await streamCells(layout, surveys) };
}

/**
 * Reads a file in parts side by side. Where a part begins is a guess (a line end may lie within quotes), which the part before it proves: its last record
 * ends there, or the guess was wrong and the part is read again from where that record ends. So the outcome is that of one reading from front to back.
 */
async function surveyText(path: string, csv: CsvLayout, size: number, parts = Math.min(mostThreads(), Math.floor(size / leastPart))): Promise<Survey> {
  const starts = parts > 1 ? await guessStarts(path, size, parts) : [];
  const expected = await expectedRows(path, size);
  const tail = { ...csv, skipLines: 0, skipRecords: 0 };
  const partAt = (at: number): SurveyPart => ({ path, csv: tail, from: starts[at], stop: starts[at + 1] ?? Infinity, budget: mostRemembered / (starts.length + 1), expected: expected / (starts.length + 1) });
  const abandon = new AbortController();
  const others = starts.map((_, at) => onThread<SurveyPart, PackedPart>(import.meta.url, "survey-thread", partAt(at), abandon.signal));
  try {
    // The cells of all parts come together here.
    const found = await surveyPart({ path, csv, from: 0, stop: starts[0] ?? Infinity, budget: mostRemembered, expected });
    // A header that goes beyond its part: then all that follows is read as one.
    if (starts.length > 0 && !found.begun) return await surveyText(path, csv, size, 1);
    let [{ lines, end }, rows] = [found, found.rows];
    for (const [at, other] of others.entries()) {
      const part = end === starts[at] ? await other : await packedPart({ ...partAt(at), from: end });
      if ("fault" in part) throw new CsvFault(part.fault.kind, part.fault.line + lines);
      append(found, part, lines);
      rows += part.rows;
      lines += part.lines;
      end = part.end;
    }
    return { surveys: found.surveys, rows, lines: found.lineNumbers };
  } finally {
    abandon.abort();
  }
}

function append({ surveys, lineNumbers }: SurveyedPart, part: Exclude<PackedPart, { fault: unknown }>, lines: number): void {
  for (const [column, survey_] of surveys.entries()) survey_.append(part.surveys[column]);
  lineNumbers.append(part.lineNumbers, lines);
}

/** About how many rows a file has, by the lines of its beginning. */
async function expectedRows(path: string, size: number): Promise<number> {
  const handle = await open(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(windowBytes), 0, windowBytes, 0);
    let lines = 0;
    for (let at = 0; at < bytesRead; at++) if (buffer[at] === 10) lines++;
    return bytesRead === 0 ? 0 : (lines / bytesRead) * size * 1.02;
  } finally {
    await handle.close();
  }
}

/** Places behind line ends that part a file in about equal parts; fewer where there is no line end near. */
async function guessStarts(path: string, size: number, parts: number): Promise<number[]> {
  const handle = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(windowBytes);
    const starts: number[] = [];
    for (let part = 1; part < parts; part++) {
      const at = Math.floor((size / parts) * part);
      const { bytesRead } = await handle.read(buffer, 0, windowBytes, at);
      const lineEnd = buffer.subarray(0, bytesRead).indexOf("\n");
      const start = at + lineEnd + 1;
      if (lineEnd >= 0 && start < size && start > (starts.at(-1) ?? 0)) starts.push(start);
    }
    return starts;
  } finally {
    await handle.close();
  }
}
