import { identifier, literal } from "../../storage/duckdb.ts";
import type { StoredType } from "../types.ts";

/** What stands for a missing value in delimited text, after trimming, unless the caller says otherwise. */
export const missingMarkers: readonly string[] = ["", "?", "NA", "N/A", "n/a", "null", "NULL", "NaN", "nan"];

const numberPattern = /^[+-]?((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf|infinity)$/i;
const wholePattern = /^[+-]?\d+$/;
const datePattern = /^\d{4}[-/]\d{1,2}[-/]\d{1,2}$/;
const timestampPattern = /^\d{4}[-/]\d{1,2}[-/]\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?$/;

/** The narrowest type a written value fits; text when nothing else does. `decimal` is the decimal separator. */
export function typeOfCell(cell: string, decimal: "." | ","): StoredType {
  const text = decimal === "," ? cell.replace(",", ".") : cell;
  if (wholePattern.test(text)) return Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER ? "BIGINT" : "VARCHAR";
  if (numberPattern.test(text)) return "DOUBLE";
  if (datePattern.test(cell)) return "DATE";
  if (timestampPattern.test(cell)) return "TIMESTAMP";
  const lower = cell.toLowerCase();
  return lower === "true" || lower === "false" ? "BOOLEAN" : "VARCHAR";
}

/** The type that holds values of both types: whole numbers widen to numbers, dates to timestamps, all else to text. */
export function widen(one: StoredType, other: StoredType): StoredType {
  if (one === other) return one;
  const pair = new Set([one, other]);
  if (pair.has("BIGINT") && pair.has("DOUBLE")) return "DOUBLE";
  if (pair.has("DATE") && pair.has("TIMESTAMP")) return "TIMESTAMP";
  return "VARCHAR";
}

/** The types to try, narrowest first, when a column turns out not to hold values of its type only. */
export function widerTypes(type: StoredType): StoredType[] {
  if (type === "BIGINT") return ["BIGINT", "DOUBLE", "VARCHAR"];
  if (type === "DATE") return ["DATE", "TIMESTAMP", "VARCHAR"];
  return type === "VARCHAR" ? ["VARCHAR"] : [type, "VARCHAR"];
}

export interface CellReading {
  readonly missing: readonly string[];
  readonly decimal: "." | ",";
}

const missingList = (reading: CellReading): string => reading.missing.map(literal).join(", ");

/** SQL that reads the text column `name` as a value of `type`; NULL when it is missing or does not fit. */
export function readCell(name: string, type: StoredType, reading: CellReading): string {
  const text = identifier(name);
  if (type === "VARCHAR") return `CASE WHEN trim(${text}) IN (${missingList(reading)}) THEN NULL ELSE trim(${text}) END`;
  const value = castCell(text, type, reading);
  // A marker that is itself a value of the type (-999, say) is still missing; the usual ones fail the cast anyway.
  const markers = reading.missing.filter((marker) => typeOfCell(marker, reading.decimal) !== "VARCHAR");
  if (markers.length === 0) return value;
  return `CASE WHEN trim(${text}) IN (${markers.map(literal).join(", ")}) THEN NULL ELSE ${value} END`;
}

function castCell(text: string, type: StoredType, reading: CellReading): string {
  const number = reading.decimal === "," ? `replace(${text}, ',', '.')` : text;
  if (type === "BIGINT") return `TRY_CAST(${number} AS BIGINT)`;
  // 'nan' casts to NaN, which would hide among the numbers.
  if (type === "DOUBLE") return `nullif(TRY_CAST(${number} AS DOUBLE), 'nan'::DOUBLE)`;
  // A plain cast to TIMESTAMP drops the offset ("+02") without a word.
  if (type === "TIMESTAMP") return `(TRY_CAST(${text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`;
  return `TRY_CAST(${text} AS ${type})`;
}

/** SQL that is true where the text column `name` holds a value that is not one of `type`. */
export function cellMisfits(name: string, type: StoredType, reading: CellReading): string {
  const text = identifier(name);
  const present = `${text} IS NOT NULL AND trim(${text}) NOT IN (${missingList(reading)})`;
  const value = castCell(text, type, reading);
  // DuckDB's casts are lenient where a reader of tables must not be: 1_000 and 0x10 are numbers to it, 0.5 rounds to a whole number.
  const lenient: Record<StoredType, string> = {
    BIGINT: `regexp_matches(${text}, '[^0-9 +-]') OR abs(${value}) > ${Number.MAX_SAFE_INTEGER}`,
    // A whole number that a double would round is an identifier: it stays text.
    DOUBLE: `contains(${text}, '_') OR regexp_matches(${text}, '^ *[+-]?[0-9]{16,} *$')`,
    BOOLEAN: `length(trim(${text})) < 4`,
    DATE: `NOT regexp_matches(${text}, '^ *[0-9]{4}[-/][0-9/-]+ *$')`,
    TIMESTAMP: `NOT regexp_matches(${text}, '^ *[0-9]{4}[-/]')`,
    VARCHAR: "false",
  };
  return `(${value} IS NULL OR ${lenient[type]}) AND ${present}`;
}
