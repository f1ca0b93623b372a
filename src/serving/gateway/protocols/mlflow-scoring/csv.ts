import { invalid } from "../../../../errors.ts";
import { columnsByName } from "./columns-by-name.ts";
import { looksAt } from "./csv-header.ts";
import type { Header } from "./csv-header.ts";
import { byPlace } from "./rows-by-place.ts";
import type { RowTaker } from "./rows-by-place.ts";
import type { ScoringData } from "./scoring-json.ts";

/**
 * Reads a table in CSV (RFC 4180): with a line of column names, as `DataFrame.to_csv` writes it, or without, as SageMaker's clients and its batch transform
 * do; `said` is what the content type says of that, and where it says nothing the model's names and the cells decide. Cells are texts, as they stand.
 */
export function readCsv(text: string, model: RowTaker, said: Header | undefined): ScoringData {
  const lines = csvLines(text);
  const [names, ...rows] = lines;
  if (!names) throw invalid("serving.bad_request", "The body is empty; it must be CSV with a line of column names, or with one line per row.");
  const wrong = rows.findIndex((row) => row.length !== names.length);
  if (wrong >= 0) throw invalid("serving.bad_request", `Line ${wrong + 2} of the CSV has ${rows[wrong].length} values for ${names.length} columns.`);
  if ((said ?? looksAt(names, model)) === "absent") return byPlace(lines, model, "The CSV");
  // Blanks around a name are no part of it, as around a cell.
  return { kind: "columns", columns: columnsByName(names.map((name) => name.trim()), rows, "The CSV") };
}

/** Whether a CSV has no line of column names, as far as it can be told. Fails where it cannot. */
export function lacksHeader(text: string, model: RowTaker, said: Header | undefined): boolean {
  const [first] = csvLines(text);
  return first !== undefined && (said ?? looksAt(first, model)) === "absent";
}

/** A cell as it is written: in quotes where it needs them. */
export const csvCell = (cell: string): string => (/[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Lines of cells; a cell in quotes, with blanks around them or not, may hold commas, line ends and doubled quotes. Empty lines are left out. */
function csvLines(body: string): string[][] {
  const text = body.replace(/^\uFEFF/, "");
  const found: string[][] = [];
  let row: string[] = [];
  const cell = /(?:[ \t]*"((?:[^"]|"")*)"[ \t]*|([^,\r\n]*))(,|\r?\n|\r|$)/y;
  while (cell.lastIndex < text.length || row.length > 0) {
    const at = cell.lastIndex;
    const match = cell.exec(text);
    if (!match) throw invalid("serving.bad_request", `The CSV cannot be read at character ${at}: a quoted value goes on after its closing quote, or has none.`);
    row.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === ",") continue;
    if (row.length > 1 || row[0] !== "") found.push(row);
    row = [];
  }
  return found;
}
