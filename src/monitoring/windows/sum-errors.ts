import type { House } from "../../stage.ts";
import { addErrors, errorOfClass, errorOfNumber, noErrors } from "../error-sums.ts";
import { eachLabel } from "../labels.ts";
import { compareTexts } from "../log-files/order-rows.ts";
import type { LogRows } from "../log-files/read-log-rows.ts";
import { probability } from "../prediction-log.ts";
import type { ErrorSums, MonitorConfig, TimeWindow } from "../types.ts";
import { windowParts, type WindowPart } from "./window-part.ts";

/** The parts of a window from its rows, in order, and the labels that were known at `now`. */
export async function sumErrors(house: House, { endpoint, task }: MonitorConfig, window: TimeWindow, now: number, rows: LogRows): Promise<WindowPart[]> {
  const labels = new Map<string, { readonly value: string; readonly of: number | null }>();
  await eachLabel(house.db, endpoint, { until: now, of: window }, ({ requestId, rowIndex, value, eventTime }) => void labels.set(`${rowIndex} ${requestId}`, { value, of: eventTime }));
  const classes = [...rows.outputs.keys()].filter((name) => name.startsWith(probability));
  const [names, columns] = [classes.map((name) => name.slice(probability.length)), classes.map((name) => rows.outputs.get(name)!)];
  const values = rows.outputs.get("output_prediction");
  const errorAt = (row: number, label: string): ErrorSums => {
    if (task === "regression") return errorOfNumber(values?.[row] ?? Number.NaN, numberOf(label));
    // Versions before or after have other classes: those that this one does not know are no numbers.
    const [probabilities, own]: [number[], string[]] = [[], []];
    for (const [at, column] of columns.entries()) {
      if (Number.isNaN(column[row])) continue;
      probabilities.push(column[row]);
      own.push(names[at]);
    }
    return errorOfClass(probabilities, own.indexOf(label));
  };
  const parts = new Map<string, { readonly variant: string; readonly version: number; sums: ErrorSums }>();
  let [predictions, served] = [0, noErrors];
  for (let row = 0; row < rows.n; row++) {
    const [variant, version] = [rows.variants[row], rows.versions[row]];
    const part = parts.get(`${version} ${variant}`) ?? { variant, version, sums: noErrors };
    parts.set(`${version} ${variant}`, part);
    if (rows.shadows[row] === 0) predictions += 1;
    const label = labels.get(`${rows.rowIndexes[row]} ${rows.requestIds[row]}`);
    if (!label || (label.of !== null && label.of !== rows.eventTimes[row])) continue;
    const error = errorAt(row, label.value);
    part.sums = addErrors(part.sums, error);
    if (rows.shadows[row] === 0) served = addErrors(served, error);
  }
  const ordered = [...parts.values()].toSorted((a, b) => compareTexts(a.variant, b.variant) || a.version - b.version);
  return windowParts(ordered, served, predictions);
}

/** A label as a number; NaN where it is none. */
const numberOf = (label: string): number => (label.trim() === "" ? Number.NaN : Number(label));
