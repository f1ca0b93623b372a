import { decideHeader } from "./csv-header.ts";
import { parseRecords } from "./csv-records.ts";
import type { CsvRecord } from "./csv-records.ts";

/** How a delimited text is written. */
export interface CsvDialect {
  readonly delimiter: string;
  /** Decimal separator; `,` only in files that delimit with something else and write no number with a point. */
  readonly decimal: "." | ",";
  readonly header: boolean;
  /** Why the first row is or is not a header. */
  readonly headerReason: string;
  /** What stands for a missing value, after trimming. */
  readonly missing: readonly string[];
}

export interface SniffedCsv {
  readonly dialect: CsvDialect;
  /** The first records, header included. */
  readonly sample: readonly CsvRecord[];
}

export interface CsvChoices {
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly missing: readonly string[];
}

const candidates: readonly string[] = [",", ";", "\t", "|"];
const sampleRecords = 1000;

/**
 * Finds delimiter, decimal separator and header from the beginning of a text; `choices` are not questioned. DuckDB's own sniffer is not
 * asked: on ragged files it picks a delimiter or skips rows until the file looks regular, which hides the fault instead of naming it.
 */
export function sniffCsv(text: string, complete: boolean, choices: CsvChoices): SniffedCsv {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const delimiter = choices.delimiter ?? findDelimiter(body, complete);
  const sample = parseRecords(body, delimiter, sampleRecords, complete);
  const decimal = findDecimal(sample, delimiter);
  if (sample.length === 0) return { dialect: { delimiter, decimal, header: false, headerReason: "no rows", missing: choices.missing }, sample };
  const decision =
    choices.header === undefined
      ? decideHeader(sample, { missing: choices.missing, decimal })
      : { present: choices.header, reason: "as told" };
  return {
    dialect: { delimiter, decimal, header: decision.present, headerReason: decision.reason, missing: choices.missing },
    sample,
  };
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

function findDecimal(sample: readonly CsvRecord[], delimiter: string): "." | "," {
  if (delimiter === ",") return ".";
  const fields = sample.flatMap((record) => record.fields);
  return fields.some(isDecimalComma) && !fields.some((field) => /^\s*[+-]?\d+\.\d+\s*$/.test(field)) ? "," : ".";
}
