import type { Column } from "../../../data/types.ts";
import { invalid } from "../../../errors.ts";

/** What a classifier answered to rows, in its own words. */
export interface RawAnswers {
  readonly rows: number;
  /** Row-major, rows × columns. */
  readonly probabilities: readonly number[];
  /** The class that it gave each row; empty where it gives none. */
  readonly labels: readonly string[];
  /** Class labels in the order of the columns, as the graph names them. */
  readonly named: readonly (readonly string[])[];
}

/** So many of the rows must get the class of their largest probability, for the columns to be understood (a model may decide near a tie by other means). */
const leastAgreement = 0.99;

/**
 * Which column of a model's answer is which class: as the graph names them, else in the order of the sorted classes; either must agree with the classes that the
 * model gives rows. Where it gives none and names none, classes that are 0, 1, 2 … are their own columns.
 *
 * @param classes the classes of the rows it was trained on, as the signature has them
 * @param isBoolean the target is stored as true and false, which a model may call 0 and 1
 * @returns for each class its column
 * @throws `training.model_signature` when they cannot be told, `training.no_probabilities` when the answers are none
 */
export function columnsOfClasses({ rows, probabilities, labels, named }: RawAnswers, classes: readonly string[], target: Column, isBoolean: boolean): number[] {
  const width = probabilities.length / rows;
  if (width !== classes.length) throw invalid("training.model_signature", `The model answers ${width} probabilities for each row, and the rows it was trained on have ${classes.length} classes (${classes.slice(0, 10).join(", ")}${classes.length > 10 ? ", …" : ""})`);
  checkProbabilities(probabilities, rows, width);
  const meant = (label: string): string => (isBoolean ? (["1", "True", "true"].includes(label) ? "true" : ["0", "False", "false"].includes(label) ? "false" : label) : target.type === "number" ? numberText(label) : label);
  const given = labels.map(meant);
  const orders = [...named.map((list) => list.map(meant)), sorted(classes, target)].filter((order) => order.length === width && classes.every((name) => order.includes(name)));
  if (given.length > 0) {
    const found = orders.find((order) => agreement(order, given, probabilities, width) >= leastAgreement);
    if (found) return classes.map((name) => found.indexOf(name));
    const unknown = given.find((label) => !classes.includes(label));
    throw invalid("training.model_signature", unknown === undefined ? `It cannot be told which of the model's ${width} probabilities is which class: the class it gives a row is not that of the largest one` : `The model gives the class ${JSON.stringify(unknown)}, and the target's classes are ${classes.slice(0, 10).join(", ")}`);
  }
  const [stated] = named.map((list) => list.map(meant)).filter((order) => order.length === width && classes.every((name) => order.includes(name)));
  const counted = Array.from({ length: width }, (_, at) => meant(String(at)));
  const order = stated ?? (classes.every((name) => counted.includes(name)) ? counted : undefined);
  if (order) return classes.map((name) => order.indexOf(name));
  throw invalid("training.model_signature", `It cannot be told which of the model's ${width} probabilities is which class (${classes.slice(0, 10).join(", ")}): let it give the class of each row, too, as a second output; a model whose target is 0, 1, 2 … needs none`);
}

/** Throws unless every row's probabilities are within 0 and 1 and sum to 1, but for rounding; NaN is told elsewhere. */
function checkProbabilities(values: readonly number[], rows: number, width: number): void {
  for (let row = 0; row < rows; row++) {
    const own = values.slice(row * width, (row + 1) * width);
    if (own.some(Number.isNaN)) continue;
    const sum = own.reduce((total, value) => total + value, 0);
    if (Math.abs(sum - 1) < 1e-3 && own.every((value) => value > -1e-3 && value < 1 + 1e-3)) continue;
    throw invalid("training.no_probabilities", `The model's answer to a row is ${own.slice(0, 5).map((value) => value.toPrecision(4)).join(", ")}, which are no probabilities (from 0 to 1, with the sum 1); end it with a softmax or a sigmoid`);
  }
}

/** The share of rows whose class is that of the largest probability. */
function agreement(order: readonly string[], labels: readonly string[], probabilities: readonly number[], width: number): number {
  let same = 0;
  for (const [row, label] of labels.entries()) {
    const own = probabilities.slice(row * width, (row + 1) * width);
    const largest = Math.max(...own);
    // Of equal ones either may be meant.
    if (own.some((value, at) => value === largest && order[at] === label) || own.some(Number.isNaN)) same++;
  }
  return same / labels.length;
}

/** As scikit-learn, LightGBM and XGBoost order classes: numbers by their value, texts by their letters. */
const sorted = (classes: readonly string[], { type }: Column): string[] => (type === "number" ? classes.toSorted((a, b) => Number(a) - Number(b)) : classes.toSorted());

/** A number as the table's classes are written: 1 for 1.0. */
const numberText = (label: string): string => (label.trim() !== "" && Number.isFinite(Number(label)) ? String(Number(label)) : label);
