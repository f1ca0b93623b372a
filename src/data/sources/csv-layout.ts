import { basename } from "node:path";
import { invalid } from "../../errors.ts";
import { sniffCsv, type CsvChoices, type CsvDialect } from "./csv-dialect.ts";
import { findFooter } from "./csv-footer.ts";
import { columnNames } from "./csv-header.ts";
import type { Layout } from "./layout.ts";
import type { SourceFile } from "./source-file.ts";

/**
 * Where the table lies in a delimited file, and what a person should know of it.
 *
 * @throws `data.delimiter_invalid`, `data.source_unreadable` (no line end in the beginning)
 */
export async function csvLayout(file: SourceFile, choices: CsvChoices): Promise<{ layout: Layout; dialect: CsvDialect; remarks: string[] }> {
  const { delimiter } = choices;
  if (delimiter !== undefined && !/^[\t\x20-\x21\x23-\x7e]$/.test(delimiter)) {
    throw invalid("data.delimiter_invalid", `The delimiter must be one ASCII character other than a quote, not ${JSON.stringify(delimiter)}.`, { delimiter });
  }
  const { dialect, sample, remarks } = sniffCsv(file.head.toString("utf8"), file.head.length === file.size, choices);
  if (dialect.width === 0) {
    throw invalid("data.source_unreadable", `${basename(file.path)} has no line end in its first ${file.head.length} bytes.`, { file: file.path });
  }
  const footer = await findFooter(file.path, file.size, dialect, sample);
  const names = dialect.names ? columnNames(dialect.names) : Array.from({ length: dialect.width }, (_, index) => `column${index}`);
  const layout: Layout = {
    path: file.path,
    csv: {
      delimiter: dialect.delimiter,
      width: dialect.width,
      skipLines: dialect.skipLines,
      skipRecords: (dialect.header ? 1 : 0) + (dialect.secondHeader ? 1 : 0),
      ...(footer && { until: footer.until }),
    },
    columns: names.map((name) => ({ name })),
  };
  return { layout, dialect, remarks: [...remarks, ...(footer?.remarks ?? [])] };
}
