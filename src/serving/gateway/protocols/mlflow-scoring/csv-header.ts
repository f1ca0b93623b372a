import { invalid, MillraceError } from "../../../../errors.ts";
import type { TensorSpec } from "../../runtimes/runtime.ts";
import { cellReader, fedTo } from "../../tensors/cell-reader.ts";
import { inputsByPlace, takesMatrix } from "./rows-by-place.ts";
import type { RowTaker } from "./rows-by-place.ts";

/** The parameter `header` of text/csv (RFC 4180, section 3). */
export type Header = "present" | "absent";

/**
 * Whether the first line of a CSV has the names of its columns: it has where a name of the model's is among them, or where it has something that is no
 * value of its column. It is a row where every cell is one of its column's values and some are such as names are not. Fails where it may be both.
 */
export function looksAt(line: readonly string[], model: RowTaker): Header {
  const cells = line.map((cell) => cell.trim());
  if (model.inputs.length === 0 || model.inputs.some(({ name }) => cells.includes(name))) return "present";
  const matrix = takesMatrix(model);
  const specs = matrix ? cells.map(() => cellOf(model.inputs[0])) : inputsByPlace(model, cells.length);
  if (!specs || !cells.every((cell, at) => isValue(cell, specs[at]))) return "present";
  const telling = cells.some((cell, at) => cell !== "" && tells(specs[at], cell));
  if (telling && !(matrix && mayBeNames(cells))) return "absent";
  throw invalid(
    "serving.bad_request",
    `The first line of the CSV may be a row or the names of columns, of which none is the model's (${model.inputs.slice(0, 8).map(({ name }) => `"${name}"`).join(", ")}). Send the content type ` +
      `text/csv; header=absent, or text/csv; header=present.`,
  );
}

/** One value of a matrix, as an input of its own. */
const cellOf = (matrix: TensorSpec): TensorSpec => ({ ...matrix, shape: [-1, 1] });

function isValue(cell: string, spec: TensorSpec): boolean {
  try {
    cellReader(spec, 1, "").put(cell, 0);
    return true;
  } catch (error) {
    if (error instanceof MillraceError) return false;
    throw error;
  }
}

/** Whether a cell that is a value of an input could hardly be a name: any text is a text. */
const tells = (spec: TensorSpec, cell: string): boolean => fedTo(spec) !== "BYTES" || spec.known?.find(cell) !== undefined;

/** A table without names of its own has numbers for names when it is written: 0, 1, 2 or rising ones, as of years and wavelengths. */
function mayBeNames(cells: readonly string[]): boolean {
  if (!cells.every((cell) => /^\d+$/.test(cell))) return false;
  if (cells.length === 1) return cells[0] === "0";
  return cells.every((cell, at) => at === 0 || Number(cell) > Number(cells[at - 1]));
}
