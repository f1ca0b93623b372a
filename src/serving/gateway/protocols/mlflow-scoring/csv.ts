import { invalid } from "../../../../errors.ts";
import type { Model } from "../../runtimes/runtime.ts";
import type { ScoringData } from "./scoring-json.ts";

/** What pandas.read_csv takes for a missing value: its parameter na_values. */
const missing = new Set(["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]);

/** Reads a table with a line of column names (RFC 4180), as `DataFrame.to_csv(index=False)` writes it; text stays text where the model takes text. */
export function readCsv(text: string, model: Pick<Model, "inputs">): ScoringData {
  const [names, ...rows] = records(text.replace(/^\uFEFF/, ""));
  if (!names) throw invalid("serving.bad_request", "The body is empty; it must be CSV with a line of column names.");
  const wrong = rows.findIndex((row) => row.length !== names.length);
  if (wrong >= 0) throw invalid("serving.bad_request", `Line ${wrong + 2} of the CSV has ${rows[wrong].length} values for ${names.length} columns.`);
  const texts = new Set(model.inputs.filter(({ datatype }) => datatype === "BYTES").map(({ name }) => name));
  return { kind: "columns", columns: new Map(names.map((name, at) => [name, rows.map((row) => valueOf(row[at], texts.has(name)))])) };
}

function valueOf(cell: string, text: boolean): unknown {
  if (missing.has(cell)) return null;
  if (text) return cell;
  if (/^(true|false)$/i.test(cell)) return cell.toLowerCase() === "true";
  return cell.trim() !== "" && !Number.isNaN(Number(cell)) ? Number(cell) : cell;
}

/** Lines of cells; a cell in quotes may hold commas, line ends and doubled quotes. Empty lines are left out. */
function records(text: string): string[][] {
  const found: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|\r|$)/y;
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
