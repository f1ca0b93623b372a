import { invalid } from "../../../../errors.ts";
import { columnsByName } from "./columns-by-name.ts";
import type { ScoringData } from "./scoring-json.ts";

/** Reads a table with a line of column names (RFC 4180), as `DataFrame.to_csv` writes it. Cells are texts, as they stand. */
export function readCsv(text: string): ScoringData {
  const [names, ...rows] = records(text.replace(/^\uFEFF/, ""));
  if (!names) throw invalid("serving.bad_request", "The body is empty; it must be CSV with a line of column names.");
  const wrong = rows.findIndex((row) => row.length !== names.length);
  if (wrong >= 0) throw invalid("serving.bad_request", `Line ${wrong + 2} of the CSV has ${rows[wrong].length} values for ${names.length} columns.`);
  // Blanks around a name are no part of it, as around a cell.
  return { kind: "columns", columns: columnsByName(names.map((name) => name.trim()), rows, "The CSV") };
}

/** Lines of cells; a cell in quotes, with blanks around them or not, may hold commas, line ends and doubled quotes. Empty lines are left out. */
function records(text: string): string[][] {
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
