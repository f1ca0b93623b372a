import { invalid } from "../../../../errors.ts";
import { columnsByName } from "./columns-by-name.ts";
import { columnNames } from "../../tensors/column-names.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

/** What a scoring request holds: columns by name, or one array for a model of one input. */
export type ScoringData =
  | { readonly kind: "columns"; readonly columns: ReadonlyMap<string, readonly unknown[]> }
  | { readonly kind: "array"; readonly values: readonly unknown[] };

const forms = ["dataframe_split", "dataframe_records", "instances", "inputs"] as const;

/** Reads MLflow's scoring JSON. NaN and Infinity, which Python writes, are taken; NaN is a missing value. */
export function readScoringJson(text: string): ScoringData {
  const request = parseJson(text);
  const shape = `The body must be a JSON object with exactly one of ${forms.join(", ")}`;
  if (!isObject(request)) throw bad(`${shape}, not ${kindOf(request)}.`);
  const present = forms.filter((form) => Object.hasOwn(request, form));
  if (present.length !== 1) throw bad(`${shape}; it has ${Object.keys(request).map((key) => `"${key}"`).join(", ") || "no fields"}.`);
  const [form] = present;
  const value = request[form];
  if (form === "dataframe_split") return split(value);
  if (form === "dataframe_records") return records(value, form);
  if (form === "inputs") return isObject(value) ? columnsOf(value) : { kind: "array", values: Array.isArray(value) ? value : [value] };
  if (!Array.isArray(value)) throw bad(`"instances" must be a list, one element per row, not ${kindOf(value)}.`);
  return isObject(value[0]) ? records(value, form) : { kind: "array", values: value };
}

function split(value: unknown): ScoringData {
  if (!isObject(value)) throw bad(`"dataframe_split" must be an object {columns, data}, not ${kindOf(value)}.`);
  const other = Object.keys(value).find((key) => !["columns", "index", "data"].includes(key));
  if (other !== undefined) throw bad(`"dataframe_split" has the field "${other}"; it takes columns, index and data.`);
  const { data, index } = value;
  if (!Array.isArray(data) || !data.every((row) => Array.isArray(row))) throw bad('"dataframe_split": "data" must be a list of rows, each a list.');
  const rows = data as unknown[][];
  if (Array.isArray(index) && index.length !== rows.length) throw bad(`"dataframe_split": there are ${index.length} labels in "index" for ${rows.length} rows.`);
  const names = value["columns"] ?? (rows[0] ?? []).map((_, at) => at);
  if (!Array.isArray(names)) throw bad(`"dataframe_split": "columns" must be a list of names, not ${kindOf(names)}.`);
  const nameless = names.findIndex((name) => typeof name === "object" && name !== null);
  if (nameless >= 0) throw bad(`"dataframe_split": columns[${nameless}] is ${kindOf(names[nameless])}; each must be a name.`);
  const wrong = rows.findIndex((row) => row.length !== names.length);
  if (wrong >= 0) throw bad(`"dataframe_split": row ${wrong} has ${rows[wrong].length} values for ${names.length} columns.`);
  return { kind: "columns", columns: columnsByName(names.map(String), rows, '"dataframe_split"') };
}

/** A field that a row lacks is missing there. */
function records(value: unknown, form: string): ScoringData {
  if (!Array.isArray(value)) throw bad(`"${form}" must be a list of records, not ${kindOf(value)}.`);
  const wrong = value.findIndex((row) => !isObject(row));
  if (wrong >= 0) throw bad(`"${form}": element ${wrong} is ${kindOf(value[wrong])}; each must be an object of values by column.`);
  const rows = value as JsonObject[];
  return { kind: "columns", columns: new Map([...columnNames(rows)].map((name) => [name, rows.map((row) => (Object.hasOwn(row, name) ? row[name] : null))])) };
}

const columnsOf = (value: JsonObject): ScoringData => ({
  kind: "columns",
  columns: new Map(Object.entries(value).map(([name, column]) => [name, Array.isArray(column) ? column : [column]])),
});

const bad = (sentence: string) => invalid("serving.bad_request", sentence);
