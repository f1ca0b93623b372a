import { describeError, invalid } from "../../../../errors.ts";
import { columnNames } from "../../tensors/column-names.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { byPlace, takesMatrix } from "./rows-by-place.ts";
import type { RowTaker } from "./rows-by-place.ts";
import type { ScoringData } from "./scoring-json.ts";

/**
 * Reads JSON Lines, SageMaker's `application/jsonlines`: a row in each line, as an object of values by column, or a list of the model's values in their
 * order, which may be the only field `features`; a model of one column takes its values alone. Empty lines are left out.
 */
export function readJsonLines(text: string, model: RowTaker): ScoringData {
  const rows = text.split("\n").flatMap((line, at) => (line.trim() === "" ? [] : [row(line, at + 1, model)]));
  if (rows.length === 0) return { kind: "columns", columns: new Map() };
  const [first] = rows;
  const other = rows.find(({ value }) => kindOf(value) !== kindOf(first.value));
  if (isObject(first.value)) {
    if (other) throw bad(other.line, `is ${kindOf(other.value)} where others are objects`);
    const objects = rows.map(({ value }) => value as JsonObject);
    return { kind: "columns", columns: new Map([...columnNames(objects)].map((name) => [name, objects.map((one) => (Object.hasOwn(one, name) ? one[name] : null))])) };
  }
  if (!Array.isArray(first.value)) {
    if (model.inputs.length === 1) return { kind: "array", values: rows.map(({ value }) => value) };
    throw bad(first.line, `is ${kindOf(first.value)}; it must be an object of values by column, or a list of the model's ${model.inputs.length} values`);
  }
  const odd = other ?? rows.find(({ value }) => (value as unknown[]).length !== (first.value as unknown[]).length);
  if (odd) throw bad(odd.line, `is ${Array.isArray(odd.value) ? `a list of ${odd.value.length}` : kindOf(odd.value)} where others are lists of ${first.value.length}`);
  const lists = rows.map(({ value }) => value as unknown[]);
  // Lists in lists are what one input of more dimensions takes.
  if (model.inputs.length === 1 && !takesMatrix(model) && !model.namedColumns) return { kind: "array", values: lists };
  return byPlace(lists, model, "The body");
}

function row(text: string, line: number, { inputs }: RowTaker): { readonly line: number; readonly value: unknown } {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw bad(line, `is no JSON (${describeError(error)})`);
  }
  if (!isObject(value) || !Array.isArray(value["features"]) || Object.keys(value).length > 1 || inputs.some(({ name }) => name === "features")) return { line, value };
  return { line, value: value["features"] };
}

const bad = (line: number, problem: string) => invalid("serving.bad_request", `Line ${line} of the JSON Lines ${problem}.`);
