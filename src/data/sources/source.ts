import { basename } from "node:path";
import { invalid } from "../../errors.ts";
import { withConnection } from "../../storage/duckdb.ts";
import { decideColumn, marksOfFile } from "../columns/decide-column.ts";
import { joinedColumn } from "../columns/joined-date.ts";
import type { ReadingChoices, Remark, SurveyedColumn } from "../columns/decision.ts";
import type { SurveyColumn } from "../columns/survey-column.ts";
import { columnNotFound } from "../column-names.ts";
import { columnType, type DatasetColumn } from "../types.ts";
import type { CsvChoices, CsvDialect } from "./csv-dialect.ts";
import { explainCsvFault } from "./csv-faults.ts";
import { csvLayout } from "./csv-layout.ts";
import type { Layout, RawColumn } from "./layout.ts";
import { CsvFault } from "./scan-csv.ts";
import { openSource } from "./source-file.ts";
import type { SourceFile, SourceFormat } from "./source-file.ts";
import { survey } from "./survey.ts";
import { typedLayout, type NestedColumn } from "./typed-layout.ts";

/** A table's file and everything that was decided about reading it; plain data, so that a decision can be stored and repeated. */
export interface TableSource {
  /** Absolute path. */
  readonly path: string;
  readonly format: SourceFormat;
  /** Bytes. */
  readonly size: number;
  readonly rows: number;
  /** Those of the source in its order, then those that are joined from them. */
  readonly columns: readonly DatasetColumn[];
  /** Delimited text only. */
  readonly dialect?: CsvDialect;
  readonly layout: Layout;
  /** What was met of each column, with its cells; absent where they did not all fit into memory, and of other than delimited text. */
  readonly surveys?: readonly SurveyColumn[];
  /** What a person should know of how the file and its columns are read. */
  readonly remarks: readonly SourceRemark[];
}

/** A remark about the file has no column. */
export type SourceRemark = Omit<Remark, "column"> & { readonly column?: string };

/** What the caller knows better than the file tells. */
export interface SourceOptions extends CsvChoices, ReadingChoices {
  /** The column that is to be predicted, where that is known: a word for missing may be a class there. */
  readonly target?: string;
}

/**
 * Opens a table's file (.csv .tsv .tab .txt .data, .parquet .pq, .json .jsonl .ndjson) and decides how to read it: delimiter, header, what stands above
 * and below the table, and from every cell what each column is. Numbers are BIGINT (DOUBLE as soon as one has a fraction; text when they exceed 2^53 or
 * are codes), points in time DATE or TIMESTAMP in UTC, true/false BOOLEAN, the rest VARCHAR. A column without any value is VARCHAR. Columns that hold
 * more than one value a row are left out. Whatever was not plain is told in `remarks`.
 *
 * @throws the codes of `openSource`, `data.header_only`, `data.ragged_rows`, `data.open_quote`, `data.delimiter_invalid`, `data.column_not_found` (a
 * choice for a column that is not there), `data.dates_unusable` (columns that cannot be joined to a date)
 */
export async function inspectSource(path: string, options: SourceOptions = {}): Promise<TableSource> {
  const file = await openSource(path);
  const { layout, dialect, remarks, width } = file.format === "csv" ? await fromCsv(file, options) : await fromTyped(file);
  checkChoices(options, layout.columns);
  const { surveys, rows, lines } = await survey(layout, file.size).catch(async (fault: unknown) => {
    throw await explained(file, dialect, fault);
  });
  if (rows === 0) throw noRows(file, layout, dialect, width);
  const surveyed = layout.columns.map(
    ({ name, typed }, index): SurveyedColumn => ({
      name,
      survey: surveys[index],
      ...(typed && { typed }),
      lineOf: lines ? (row) => lines.of(row) : (row) => row + 1,
      target: name === options.target,
      epochs: file.format === "json",
    }),
  );
  const marks = marksOfFile(surveyed);
  const decisions = surveyed.map((column) => decideColumn(column, marks, options));
  return {
    path: file.path,
    format: file.format,
    size: file.size,
    rows,
    columns: joinedToo(decisions.map(({ reading, stored }, index): DatasetColumn => ({ name: layout.columns[index].name, type: columnType(stored), stored, reading })), options.dates),
    ...(dialect && { dialect }),
    layout,
    ...(surveys.every(({ cells }) => cells?.forgotten === false) && { surveys }),
    remarks: [...remarks, ...decisions.flatMap((decision) => decision.remarks)],
  };
}

/** The source's columns, and behind them those that are joined from some of them. */
function joinedToo(columns: readonly DatasetColumn[], dates: ReadingChoices["dates"]): DatasetColumn[] {
  const joined = Object.entries(dates ?? {}).flatMap(([name, parts]) => (typeof parts === "string" ? [] : [joinedColumn(name, parts, columns)]));
  return [...columns, ...joined];
}

interface Opened {
  readonly layout: Layout;
  readonly dialect?: CsvDialect;
  readonly remarks: readonly SourceRemark[];
  readonly width: number;
}

async function fromCsv(file: SourceFile, options: SourceOptions): Promise<Opened> {
  const { layout, dialect, remarks } = await csvLayout(file, options);
  return { layout, dialect, remarks: remarks.map((message) => ({ message: `${basename(file.path)}: ${message}` })), width: dialect.width };
}

/** Parquet and JSON carry types of their own. */
async function fromTyped(file: SourceFile): Promise<Opened> {
  try {
    const { layout, nested } = await withConnection((connection) => typedLayout(connection, file));
    const remarks = nested.map(nestedRemark);
    if (layout.columns.length === 0 && nested.length > 0) {
      throw invalid("data.nested_column", `Column "${nested[0].name}" of ${basename(file.path)} holds ${nested[0].type}, which is not one value per row, as do all others. Flatten it into columns of its own.`, {
        file: file.path,
        column: nested[0].name,
      });
    }
    return { layout, remarks, width: layout.columns.length };
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** What is said of a column that is left out as its cells are no single values. */
export const nestedRemark = ({ name, type }: NestedColumn): SourceRemark => ({
  column: name,
  message: `${name} is left out: it holds ${type.length > 60 ? `${type.slice(0, 60)}…` : type}, which is not one value per row; flatten it into columns of its own to use it`,
});

export function unreadable(file: SourceFile, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name === "MillraceError") return cause;
  return invalid("data.source_unreadable", `${basename(file.path)} cannot be read as ${file.format}: ${cause.message.split("\n")[0]}`, { file: file.path });
}

/** What a person is told of a file that cannot be read. */
export async function explained(file: SourceFile, dialect: CsvDialect | undefined, fault: unknown): Promise<unknown> {
  return dialect && fault instanceof CsvFault ? await explainCsvFault(file.path, dialect, fault) : unreadable(file, fault);
}

function noRows(file: SourceFile, { columns }: Layout, dialect: CsvDialect | undefined, width: number): Error {
  const name = basename(file.path);
  if (!dialect) return invalid("data.source_empty", `${name} holds no rows.`, { file: file.path });
  const names = columns.slice(0, 3).map((column) => column.name);
  return invalid("data.header_only", `${name} has a header (${names.join(", ")}${width > 3 ? ", …" : ""}) but no rows under it.`, { file: file.path, line: 1 });
}

/** Every column that something was chosen for must be there. */
function checkChoices({ missing, decimal, thousands, dates, types }: SourceOptions, columns: readonly RawColumn[]): void {
  const names = columns.map(({ name }) => name);
  for (const [setting, choice] of Object.entries({ missing, decimal, thousands, dates, types })) {
    if (typeof choice !== "object" || Array.isArray(choice)) continue;
    for (const [name, value] of Object.entries(choice)) if (!names.includes(name) && !(setting === "dates" && Array.isArray(value))) throw columnNotFound(name, names, `data.${setting}`);
  }
}
