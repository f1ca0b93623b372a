import { open } from "node:fs/promises";
import { isValue } from "./csv-header.ts";
import type { CsvDialect } from "./csv-dialect.ts";
import { parseRecords } from "./csv-records.ts";
import type { CsvRecord } from "./csv-records.ts";

const tailBytes = 64 << 10;
const total = /^((grand|sub)[\s-]?)?(totals?|sum|sums|average|avg|mean|summe|gesamt|insgesamt|mittelwert|durchschnitt)\s*\.?:?$/i;

export interface CsvFooter {
  /** Where the table ends, in bytes. */
  readonly until: number;
  readonly remarks: readonly string[];
}

/**
 * What stands below the table: notes of one field where records have several, and a last record of totals, whose word (`Total`, `Summe`) no other record
 * of the sample has. Undefined where the table goes to the end of the file.
 */
export async function findFooter(path: string, size: number, { delimiter, width }: CsvDialect, sample: readonly CsvRecord[]): Promise<CsvFooter | undefined> {
  if (width < 2 || sample.length < 3) return undefined;
  const handle = await open(path);
  try {
    const start = Math.max(0, size - tailBytes);
    const bytes = Buffer.alloc(size - start);
    await handle.read(bytes, 0, bytes.length, start);
    const remarks: string[] = [];
    let end = bytes.length;
    for (;;) {
      const line = lastLine(bytes, end);
      if (line === undefined) break;
      const text = bytes.toString("utf8", line.start, line.end);
      const [record] = parseRecords(`${text}\n`, delimiter, 1, true);
      const note = record !== undefined && record.fields.length === 1 && !text.includes('"');
      const totals = record !== undefined && record.fields.length === width && isTotals(record, sample);
      if (text.trim() !== "" && !note && !totals) break;
      if (text.trim() !== "") remarks.push(`the last line${note ? " stands below the table" : " holds totals"} and is passed over: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
      end = line.start;
      if (totals || remarks.length > 5) break;
    }
    return remarks.length === 0 || remarks.length > 5 ? undefined : { until: start + end, remarks };
  } finally {
    await handle.close();
  }
}

/** The last line before `end`, without its line end; undefined at the beginning of what is at hand. */
function lastLine(bytes: Buffer, end: number): { start: number; end: number } | undefined {
  let last = end;
  while (last > 0 && (bytes[last - 1] === 10 || bytes[last - 1] === 13)) last--;
  if (last === 0) return undefined;
  let start = last;
  while (start > 0 && bytes[start - 1] !== 10 && bytes[start - 1] !== 13) start--;
  return start === 0 ? undefined : { start, end: last };
}

function isTotals({ fields }: CsvRecord, sample: readonly CsvRecord[]): boolean {
  const at = fields.findIndex((cell) => total.test(cell.trim()));
  if (at < 0 || !fields.some((cell) => isValue(cell.trim()))) return false;
  return !sample.some((record) => record.fields !== fields && total.test((record.fields[at] ?? "").trim()) && record.fields.join() !== fields.join());
}
