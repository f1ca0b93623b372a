/** One record of a delimited text: its fields as written between the delimiters (quotes undone) and the line it starts on (from 1). */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Splits delimited text (RFC 4180: `"` quotes, doubled inside quotes; LF, CRLF or CR ends a record) into at most `limit` records.
 * Spaces before an
 * opening quote and blank lines are passed over, as DuckDB does. `complete` says that the text ends where the file ends; if not, its last record, which may be cut, is left out.
 */
export function parseRecords(text: string, delimiter: string, limit: number, complete: boolean): CsvRecord[] {
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let line = 1;
  let startLine = 1;
  let at = 0;
  while (at < text.length && records.length < limit) {
    let field: string;
    const opening = quoteAt(text, at, delimiter);
    if (opening !== -1) {
      at = opening;
      const end = closingQuote(text, at);
      field = text.slice(at + 1, end).replaceAll('""', '"');
      line += countLineEnds(field);
      at = Math.min(end + 1, text.length);
    } else {
      field = "";
    }
    const start = at;
    while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
    fields.push(field + text.slice(start, at));
    if (at < text.length && text[at] === delimiter) {
      at += 1;
      if (at < text.length) continue;
      fields.push("");
    }
    if (at >= text.length && !complete) break;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: startLine, fields });
    fields = [];
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    line += 1;
    startLine = line;
  }
  return records;
}

/** Where a field that starts at `at` opens its quote, -1 when it is not quoted. */
function quoteAt(text: string, at: number, delimiter: string): number {
  let opening = at;
  if (delimiter !== " ") while (text[opening] === " ") opening += 1;
  return text[opening] === '"' ? opening : -1;
}

/** Where the quoted field that opens at `open` closes; the end of the text when it never does. */
function closingQuote(text: string, open: number): number {
  let at = open + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    if (text[quote + 1] !== '"') return quote;
    at = quote + 2;
  }
}

const countLineEnds = (text: string): number => text.match(/\r\n|\r|\n/g)?.length ?? 0;
