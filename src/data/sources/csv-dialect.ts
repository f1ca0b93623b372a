import { isMissing } from "../../values/reading.ts";
import { decideHeader, isValue } from "./csv-header.ts";
import { parseRecords } from "./csv-records.ts";
import type { CsvRecord } from "./csv-records.ts";

/** How a delimited text is written. */
export interface CsvDialect {
  readonly delimiter: string;
  readonly header: boolean;
  /** Why the first row is or is not a header. */
  readonly headerReason: string;
  /** Lines above the first record: titles, comments, `sep=`. */
  readonly skipLines: number;
  /** Under the header stands a row of units or of more names, which is passed over. */
  readonly secondHeader: boolean;
  /** Fields of a record. */
  readonly width: number;
  /** The names of the columns, where there are any in the file. */
  readonly names: readonly string[] | undefined;
}

export interface SniffedCsv {
  readonly dialect: CsvDialect;
  /** The first records of data. */
  readonly sample: readonly CsvRecord[];
  /** What a person should know of how the file is read. */
  readonly remarks: readonly string[];
}

export interface CsvChoices {
  readonly delimiter?: string;
  readonly header?: boolean;
}

const candidates: readonly string[] = [",", ";", "\t", "|"];
const sampleRecords = 1000;

/**
 * Finds delimiter, header and what stands around the table from the beginning of a text; `choices` are not questioned. DuckDB's own sniffer is not
 * asked: on ragged files it picks a delimiter or skips rows until the file looks regular, which hides the fault instead of naming it.
 */
export function sniffCsv(text: string, complete: boolean, choices: CsvChoices): SniffedCsv {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const remarks: string[] = [];
  const [sepLine, sep] = /^sep=(.)\r?\n/i.exec(body) ?? [];
  if (sepLine !== undefined) remarks.push(`the first line, ${sepLine.trim()}, names the delimiter`);
  const told = body.slice(sepLine?.length ?? 0);
  const delimiter = choices.delimiter ?? sep ?? findDelimiter(told, complete);
  const above = linesAbove(told, delimiter, complete);
  if (above.length > 0) remarks.push(`${above.length === 1 ? "line 1 stands" : `${above.length} lines stand`} above the table and ${above.length === 1 ? "is" : "are"} passed over: ${shown(above[0])}`);
  const skipLines = (sepLine === undefined ? 0 : 1) + above.length;
  const table = above.length === 0 ? told : told.split(/\r\n|\r|\n/).slice(above.length).join("\n");
  const records = parseRecords(table, delimiter, sampleRecords, complete);
  if (records.length === 0) {
    return { dialect: { delimiter, header: false, headerReason: "no rows", skipLines, secondHeader: false, width: 0, names: undefined }, sample: [], remarks };
  }
  const named = withRowNames(records, remarks);
  const decision = choices.header === undefined ? decideHeader(named) : { present: choices.header, reason: "as told" };
  const data = decision.present ? named.slice(1) : named;
  const secondHeader = decision.present && isSecondHeader(data);
  if (secondHeader) remarks.push(`line ${skipLines + 2} holds units or second names (${shown(data[0].fields.filter((cell) => cell.trim() !== "").join(", "))}), no data; it is passed over`);
  const dialect: CsvDialect = {
    delimiter,
    header: decision.present,
    headerReason: decision.reason,
    skipLines,
    secondHeader,
    width: named === records ? records[0].fields.length : records[1].fields.length,
    names: decision.present ? named[0].fields : undefined,
  };
  return { dialect, sample: data.slice(secondHeader ? 1 : 0), remarks };
}

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** Lines before the table: of one field where records have several, or comments that begin with `#`. */
function linesAbove(text: string, delimiter: string, complete: boolean): string[] {
  const records = parseRecords(text, delimiter, 200, complete);
  const width = commonWidth(records);
  const lines = text.split(/\r\n|\r|\n/, 50);
  let count = 0;
  while (count < lines.length - 1) {
    const [record] = parseRecords(`${lines[count]}\n`, delimiter, 1, true);
    const fields = record?.fields.length ?? 0;
    const title = fields !== width && (fields <= 1 || lines[count].startsWith("#")) && width > 1;
    const comment = width === 1 && /^#\s/.test(lines[count]);
    if (!title && !comment) break;
    count++;
  }
  // A file that hardly has a table below is not read as one.
  return records.length >= 2 ? lines.slice(0, count) : [];
}

/**
 * Where all records have a field more than the first, R's names of rows stand before the others (or, when it is empty in all of them, a delimiter ends
 * each record): the first record gets a name for it.
 */
function withRowNames(records: CsvRecord[], remarks: string[]): CsvRecord[] {
  const [first, ...rest] = records;
  const width = first.fields.length + 1;
  if (rest.length < 2 || !rest.every(({ fields }) => fields.length === width)) return records;
  const trailing = rest.every(({ fields }) => fields[width - 1].trim() === "");
  remarks.push(trailing ? "every record but the first ends in a delimiter; the empty column behind it is called after its place" : "records have a field more than there are names; the first is taken for names of rows, as R writes them");
  return [{ ...first, fields: trailing ? [...first.fields, ""] : ["", ...first.fields] }, ...rest];
}

/** Whether the first record under the header holds texts where all others hold numbers, and no number where they do. */
function isSecondHeader([first, ...rest]: readonly CsvRecord[]): boolean {
  if (first === undefined || rest.length < 3) return false;
  let words = 0;
  for (const [index, raw] of first.fields.entries()) {
    const cell = raw.trim();
    const below = rest.map(({ fields }) => (fields[index] ?? "").trim()).filter((value) => !isMissing(value, { type: "number" }));
    if (below.length > 0 && below.filter(isValue).length >= 0.9 * below.length) {
      if (isMissing(cell, { type: "number" })) continue;
      if (isValue(cell)) return false;
      words++;
    } else if (cell !== "" && below.includes(cell)) return false;
  }
  return words > 0;
}

/** The candidate whose records agree most on the number of fields, then leaves the fewest other candidates inside fields. */
function findDelimiter(text: string, complete: boolean): string {
  let best = { delimiter: ",", agreement: 0, clean: 0, width: 1 };
  for (const delimiter of candidates) {
    const records = parseRecords(text, delimiter, 200, complete);
    const width = commonWidth(records);
    if (width < 2) continue;
    const agreement = records.filter((record) => record.fields.length === width).length / records.length;
    const fields = records.flatMap((record) => record.fields);
    const clean = fields.filter((field) => isDecimalComma(field) || !candidates.some((other) => field.includes(other))).length / fields.length;
    const better =
      agreement !== best.agreement ? agreement > best.agreement : clean !== best.clean ? clean > best.clean : width > best.width;
    if (better) best = { delimiter, agreement, clean, width };
  }
  // Text with commas here and there is one column, not a table of two: half of the lines must agree.
  if (best.width > 1 && best.agreement >= 0.5) return best.delimiter;
  return isSpacedNumbers(text, complete) ? " " : ",";
}

/** Only numbers make a space a delimiter; between words it is part of a text. */
function isSpacedNumbers(text: string, complete: boolean): boolean {
  const records = parseRecords(text, " ", 200, complete);
  const cells = records.flatMap((record) => record.fields);
  const numbers = cells.filter((cell) => /^[+-]?\d/.test(cell)).length;
  return commonWidth(records) > 1 && records.every((record) => record.fields.length === records[0].fields.length) && numbers >= cells.length / 2;
}

function commonWidth(records: readonly CsvRecord[]): number {
  const counts = new Map<number, number>();
  for (const { fields } of records) counts.set(fields.length, (counts.get(fields.length) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1] || other[0] - one[0])[0]?.[0] ?? 0;
}

const isDecimalComma = (field: string): boolean => /^\s*[+-]?\d+,\d+\s*$/.test(field);
