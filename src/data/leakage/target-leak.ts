import type { LeakageFinding, LeakageOptions } from "./leakage-types.ts";
import { auc, groupAccuracy, groupNumbers, groupR2, spearman } from "./single-feature.ts";
import type { Column, NumberColumn } from "../types.ts";
import { sameValues } from "./useless-columns.ts";

/** Fewer rows than this prove nothing. */
const fewestRows = 30;
/** From this many rows on, a perfect guess by a column of many values is no accident of a small table. */
const rowsForManyValues = 200;
const fewValues = 50;

/** Whether `column` alone gives the target away; judged on the rows of `sample` where the target has a value. */
export function targetGivenAway(column: Column, target: Column, sample: Uint32Array, task: LeakageOptions["task"]): LeakageFinding | undefined {
  const rows = sample.filter((row) => !isMissing(target, row));
  if (rows.length < fewestRows) return undefined;
  if (sameValues(column, target)) return leak(column, `${column.name} is the target: it equals ${target.name} in all rows.`, 1);
  if (task !== "regression") return givesClassAway(column, target, rows);
  return target.type === "number" ? givesNumberAway(column, target, rows) : undefined;
}

const isMissing = (column: Column, row: number): boolean =>
  column.type === "number" ? Number.isNaN(column.values[row]) : column.codes[row] === -1;

const leak = ({ name }: Column, evidence: string, statistic: number): LeakageFinding => ({ kind: "leak", columns: [name], evidence, statistic });

/** A monotone function of the target (|ρ| ≥ 0.99), or one whose groups have a mean each that explains it (R² ≥ 0.98, five-fold). */
function givesNumberAway(column: Column, target: NumberColumn, rows: Uint32Array): LeakageFinding | undefined {
  const { name } = column;
  const y = Float64Array.from(rows, (row) => target.values[row]);
  if (column.type === "number") {
    const present = rows.filter((row) => !isMissing(column, row));
    if (present.length >= Math.max(fewestRows, rows.length / 2)) {
      const rho = spearman(Float64Array.from(present, (row) => column.values[row]), Float64Array.from(present, (row) => target.values[row]));
      if (Math.abs(rho) >= 0.99) {
        const evidence = `${name} orders the rows as ${target.name} does: Spearman's ρ = ${rho.toFixed(4)} over ${present.length} rows.`;
        return leak(column, evidence, Math.abs(rho));
      }
    }
    // Rows in order of this column mostly mean time, and neighbours in time resemble each other without any leak.
    if (isSorted(column.values)) return undefined;
  }
  const groups = groupsOf(column, rows);
  const r2 = groupR2(groups, y);
  if (!(r2 >= 0.98)) return undefined;
  const evidence = `${name} alone fixes ${target.name}: the mean per value of ${name} explains R² = ${r2.toFixed(4)} of it on rows held out.`;
  return leak(column, evidence, r2);
}

function isSorted(values: Float64Array): boolean {
  return values.every((value, row) => row === 0 || !(value < values[row - 1])) || values.every((value, row) => row === 0 || !(value > values[row - 1]));
}

/** One group per category or per bin of numbers; missing is a group too, since whether there is a value can give a class away. */
function groupsOf(column: Column, rows: Uint32Array): Int32Array {
  if (column.type === "number") return groupNumbers(Float64Array.from(rows, (row) => column.values[row]));
  return Int32Array.from(rows, (row) => column.codes[row] + 1);
}

/**
 * A guess by this column alone that leaves at most a twentieth of the errors of always guessing the most frequent class (few values), a
 * hundredth (many), or orders two classes with AUC ≥ 0.999.
 */
function givesClassAway(column: Column, target: Column, rows: Uint32Array): LeakageFinding | undefined {
  const { name } = column;
  const { labels, classes } = classCodes(target, rows);
  if (classes < 2) return undefined;
  const groups = groupsOf(column, rows);
  const { accuracy, base } = groupAccuracy(groups, labels, classes);
  const values = new Set(groups).size;
  if (values > fewValues && rows.length < rowsForManyValues) return undefined;
  const wrong = 1 - accuracy;
  // Fewer than ten rows outside the most frequent class can be guessed by luck.
  if ((1 - base) * rows.length < 10) return undefined;
  if (wrong <= (values > fewValues ? 0.01 : 0.05) * (1 - base)) {
    const evidence =
      `${name} alone gives ${target.name} away: right in ${percent(accuracy)} of the rows held out, ` +
      `where the most frequent class is right in ${percent(base)}.`;
    return leak(column, evidence, accuracy);
  }
  if (column.type !== "number" || classes !== 2 || rows.length < rowsForManyValues) return undefined;
  const present = [...rows.keys()].filter((at) => !isMissing(column, rows[at]));
  if (present.length < rows.length / 2) return undefined;
  const area = auc(Float64Array.from(present, (at) => column.values[rows[at]]), Int32Array.from(present, (at) => labels[at]));
  if (!(area >= 0.999)) return undefined;
  return leak(column, `${name} alone tells the two classes of ${target.name} apart: AUC = ${area.toFixed(4)} over ${present.length} rows.`, area);
}

function classCodes(target: Column, rows: Uint32Array): { labels: Int32Array; classes: number } {
  const codes = new Map<number, number>();
  const raw = target.type === "number" ? target.values : target.codes;
  const labels = Int32Array.from(rows, (row) => {
    const code = codes.get(raw[row]) ?? codes.size;
    codes.set(raw[row], code);
    return code;
  });
  return { labels, classes: codes.size };
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
