import { basename } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { invalid } from "../../errors.ts";
import { cellMisfits, readCell, typeOfCell, widen, widerTypes } from "./cell-types.ts";
import { columnNames } from "./csv-header.ts";
import type { CsvDialect, SniffedCsv } from "./csv-dialect.ts";
import { explainCsvFault } from "./csv-faults.ts";
import { identifier, literal, pathLiteral, query, queryOne } from "../../storage/duckdb.ts";
import type { SourceFile } from "./source-file.ts";
import { columnType } from "../types.ts";
import type { DatasetColumn, StoredType } from "../types.ts";

/** The table function that reads every column of a delimited file as text, named c0, c1 … */
function readCsv(path: string, dialect: CsvDialect, width: number): string {
  const columns = Array.from({ length: width }, (_, index) => `'c${index}': 'VARCHAR'`).join(", ");
  return (
    `read_csv(${pathLiteral(path)}, auto_detect = false, columns = {${columns}}, delim = ${literal(dialect.delimiter)}, ` +
    `quote = '"', escape = '"', header = ${dialect.header}, strict_mode = true, null_padding = false)`
  );
}

/** SQL that reads a delimited file with the given names and types. */
export function selectCsv(path: string, dialect: CsvDialect, columns: readonly DatasetColumn[]): string {
  const list = columns.map(({ name, stored }, index) => `${readCell(`c${index}`, stored, dialect)} AS ${identifier(name)}`);
  return `SELECT ${list.join(", ")} FROM ${readCsv(path, dialect, columns.length)}`;
}

/**
 * Names and types of a delimited file's columns and its number of rows. Types are guessed from the sample and then checked against every
 * row, so that one stray word on the last line makes a column text instead of vanishing.
 *
 * @throws `data.header_only`, and what `explainCsvFault` finds
 */
export async function inspectCsv(
  connection: DuckDBConnection,
  source: SourceFile,
  { dialect, sample }: SniffedCsv,
): Promise<{ columns: DatasetColumn[]; rows: number }> {
  const width = sample[0].fields.length;
  const names = dialect.header ? columnNames(sample[0].fields) : Array.from({ length: width }, (_, index) => `column${index}`);
  const data = sample.slice(dialect.header ? 1 : 0);
  const from = readCsv(source.path, dialect, width);
  let types: StoredType[] = [];
  let misfits: Record<string, number>;
  try {
    for (const index of names.keys()) {
      const guess = guessType(data.map(({ fields }) => fields[index] ?? ""), dialect);
      types.push(guess ?? (await guessFromLaterRows(connection, from, `c${index}`, dialect)));
    }
    misfits = await countMisfits(connection, from, types, dialect);
    while (types.some((_, index) => misfits[`c${index}`] > 0)) {
      types = types.map((type, index) => (misfits[`c${index}`] > 0 ? widerTypes(type)[1] : type));
      misfits = await countMisfits(connection, from, types, dialect);
    }
  } catch (refusal) {
    throw await explainCsvFault(source.path, dialect, width, refusal);
  }
  if (misfits["rows"] === 0) {
    const file = basename(source.path);
    const message = `${file} has a header (${names.slice(0, 3).join(", ")}${width > 3 ? ", …" : ""}) but no rows under it.`;
    throw invalid("data.header_only", message, { file: source.path, line: 1 });
  }
  return { columns: names.map((name, index) => ({ name, type: columnType(types[index]), stored: types[index] })), rows: misfits["rows"] };
}

/** The narrowest type that fits every cell; nothing when all are missing. */
function guessType(cells: readonly string[], dialect: CsvDialect): StoredType | undefined {
  let type: StoredType | undefined;
  for (const cell of cells) {
    const text = cell.trim();
    if (dialect.missing.includes(text)) continue;
    const here = typeOfCell(text, dialect.decimal);
    type = type === undefined ? here : widen(type, here);
    if (type === "VARCHAR") break;
  }
  return type;
}

/** For a column that is missing throughout the sample: its first values after it; text when there are none at all. */
async function guessFromLaterRows(connection: DuckDBConnection, from: string, name: string, dialect: CsvDialect): Promise<StoredType> {
  const sql = `SELECT cell FROM (SELECT ${readCell(name, "VARCHAR", dialect)} AS cell FROM ${from}) WHERE cell IS NOT NULL LIMIT 1000`;
  const found = await query<{ cell: string }>(connection, sql);
  return guessType(found.map(({ cell }) => cell), dialect) ?? "VARCHAR";
}

async function countMisfits(connection: DuckDBConnection, from: string, types: readonly StoredType[], dialect: CsvDialect) {
  const counts = types.flatMap((type, index) =>
    type === "VARCHAR" ? [] : [`count_if(${cellMisfits(`c${index}`, type, dialect)}) AS c${index}`],
  );
  return await queryOne<Record<string, number>>(connection, `SELECT ${["count(*) AS rows", ...counts].join(", ")} FROM ${from}`);
}
