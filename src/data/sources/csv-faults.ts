import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { invalid } from "../../errors.ts";
import type { CsvDialect } from "./csv-dialect.ts";
import type { CsvFault } from "./scan-csv.ts";
import { notUtf8 } from "./source-file.ts";

interface RaggedLine {
  readonly line: number;
  readonly found: number;
}

const namedLines = 5;

/**
 * Why a delimited file could not be read, over the whole of it: called after a record of it was refused.
 *
 * @returns `data.source_not_text`, `data.open_quote`, `data.ragged_rows` or, when none of these is the cause, `data.source_unreadable`
 */
export async function explainCsvFault(path: string, dialect: CsvDialect, fault: CsvFault): Promise<Error> {
  const bytes = await readFile(path);
  const file = basename(path);
  const expected = dialect.width;
  if (!isUtf8(bytes)) return notUtf8(path, bytes);
  if (fault.kind === "after_quote") {
    const message = `${file} cannot be read as delimited text: line ${fault.line}: a value goes on behind its closing quote ("). Double quotes within a value ("").`;
    return invalid("data.source_unreadable", message, { file: path, line: fault.line });
  }
  const { ragged, count, openQuote } = scan(bytes, dialect.delimiter.charCodeAt(0), expected, dialect.skipLines);
  if (openQuote !== undefined || fault.kind === "open_quote") {
    const line = openQuote ?? fault.line;
    return invalid("data.open_quote", `${file}: the quote (") that opens on line ${line} never closes. Close it or double it ("").`, { file: path, line });
  }
  const [first] = ragged;
  const lines = ragged.map(({ line, found }) => `line ${line} has ${found}`).join(", ");
  const more = count > ragged.length ? ` and ${count - ragged.length} more` : "";
  const message =
    `${file} has rows of different width: expected ${expected} ${expected === 1 ? "column" : "columns"}, but ${lines}${more}. ` +
    `Quote values that contain ${JSON.stringify(dialect.delimiter)}, and complete or remove the short rows.`;
  return invalid("data.ragged_rows", message, { file: path, line: first.line, expected, found: first.found, lines: ragged, count });
}

function scan(bytes: Buffer, delimiter: number, expected: number, skipLines: number): { ragged: RaggedLine[]; count: number; openQuote: number | undefined } {
  const ragged: RaggedLine[] = [];
  let count = 0;
  let line = 1;
  let recordLine = 1;
  let fields = 1;
  let quotedSince: number | undefined;
  let fieldStart = bytes[0] === 0xef ? 3 : 0;
  let recordStart = fieldStart;
  const endRecord = (end: number): void => {
    const blank = end === recordStart;
    if (fields !== expected && !blank && recordLine > skipLines) {
      count += 1;
      if (ragged.length < namedLines) ragged.push({ line: recordLine, found: fields });
    }
    fields = 1;
  };
  for (let at = fieldStart; at < bytes.length; at += 1) {
    const byte = bytes[at];
    const isReturn = byte === 13;
    const isLineEnd = byte === 10 || isReturn;
    if (isLineEnd) line += isReturn && bytes[at + 1] === 10 ? 0 : 1;
    if (quotedSince !== undefined) {
      if (byte !== 34) continue;
      if (bytes[at + 1] === 34) at += 1;
      else quotedSince = undefined;
    } else if (byte === 34 && at === fieldStart) {
      quotedSince = line;
    } else if (byte === 32 && at === fieldStart && byte !== delimiter) {
      fieldStart += 1;
    } else if (byte === delimiter) {
      fields += 1;
      fieldStart = at + 1;
    } else if (isLineEnd) {
      if (!(byte === 10 && bytes[at - 1] === 13)) endRecord(at);
      fieldStart = at + 1;
      recordStart = at + 1;
      recordLine = line;
    }
  }
  if (recordStart < bytes.length) endRecord(bytes.length);
  return { ragged, count, openQuote: quotedSince };
}
