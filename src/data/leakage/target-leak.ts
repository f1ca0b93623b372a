import type { LeakageFinding, LeakageOptions } from "./leakage-types.ts";
import { auc, groupAccuracy, groupNumbers, groupR2, spearman } from "./single-feature.ts";
import { numbersAt } from "../select-rows.ts";
import type { Column, NumberColumn } from "../types.ts";
import { sameValues } from "./useless-columns.ts";

/** Fewer rows than this prove nothing. */
const fewestRows = 30;
/** From this many rows on, a nearly perfect guess by a column of many values is no accident of a small table. */
const rowsForManyValues = 200;
const fewValues = 50;
/** Fewer rows than this in a class, or a group, can be told apart by luck. */
const fewestInGroup = 5;

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

/**
 * A monotone function of the target (|ρ| ≥ 0.9999, and neighbours in the same order), a column whose every value has a stretch of the target to itself, as one cut from it has, or one whose
 * groups have a mean each that is the target (R² ≥ 0.9995, five-fold). A feature that is merely very good is none of these.
 */
function givesNumberAway(column: Column, target: NumberColumn, rows: Uint32Array): LeakageFinding | undefined {
  const { name } = column;
  const y = numbersAt(target.values, rows);
  const groups = groupsOf(column, rows);
  if (column.type === "number") {
    const present = rows.filter((row) => !isMissing(column, row));
    if (present.length >= Math.max(fewestRows, rows.length / 2)) {
      const [x, yPresent] = [numbersAt(column.values, present), numbersAt(target.values, present)];
      const rho = spearman(x, yPresent);
      // Two series that both grow are in one order whatever they have to do with each other; then their steps must be, too.
      const steps = isTrend(x) && isTrend(yPresent) ? Math.abs(spearman(differences(x), differences(yPresent))) : 1;
      if (Math.abs(rho) >= 0.9999 && steps >= 0.99 && goesOneWay(x, yPresent, rho)) {
        const evidence = `${name} orders the rows as ${target.name} does: Spearman's ρ = ${rho.toFixed(4)} over ${present.length} rows.`;
        return leak(column, evidence, Math.abs(rho));
      }
      // What follows the target over a wide range explains nearly all of it by that, and is a feature.
      if (isTrend(x) || (Math.abs(rho) >= 0.99 && !goesOneWay(x, yPresent, rho))) return undefined;
    }
    // Rows in order of this column mostly mean time, and neighbours in time resemble each other without any leak.
    if (isSorted(column.values)) return undefined;
  }
  const stretches = stretchesOf(groups, y);
  if (stretches !== undefined) {
    return leak(column, `${name} is cut from ${target.name}: each of its ${stretches} values has a stretch of ${target.name} to itself.`, 1);
  }
  const r2 = groupR2(groups, y);
  if (!(r2 >= 0.9995)) return undefined;
  const evidence = `${name} alone fixes ${target.name}: the mean per value of ${name} explains R² = ${r2.toFixed(4)} of it on rows held out.`;
  return leak(column, evidence, r2);
}

/**
 * How many groups there are, where in order of the target each is in one piece: of groups of five rows or more on average, and not more than 50, since
 * many are a number's own values.
 */
function stretchesOf(groups: Int32Array, y: Float64Array): number | undefined {
  const distinct = new Set(groups).size;
  if (distinct < 2 || distinct > fewValues || groups.length < distinct * fewestInGroup || Math.min(...countsOf(groups).values()) < 2) return undefined;
  // Equal values of the target may belong to one group only.
  const groupOf = new Map<number, number>();
  for (const [row, value] of y.entries()) {
    const known = groupOf.get(value);
    if (known !== undefined && known !== groups[row]) return undefined;
    groupOf.set(value, groups[row]);
  }
  const order = Uint32Array.from(y.keys()).sort((one, other) => y[one] - y[other]);
  if (runsOf(order, groups) !== distinct || groupOf.size <= distinct) return undefined;
  // What is cut from the target is cut between neighbours. Where the target leaps from group to group, the groups make the leap: an honest feature.
  const leaps = order.some((row, at) => at > 0 && groups[row] !== groups[order[at - 1]] && y[row] - y[order[at - 1]] > mostLeap * spacingAround(order, y, at));
  return leaps ? undefined : distinct;
}

/** A step of the target from one group to the next may be as many times as long as those around it. */
const mostLeap = 8;
const around = 10;

/** The mean step of the target over the values around a place in its order, the step to the place itself apart. */
function spacingAround(order: Uint32Array, y: Float64Array, at: number): number {
  const [first, last] = [Math.max(0, at - around), Math.min(order.length - 1, at + around - 1)];
  const steps = last - first - 1;
  return steps <= 0 ? Infinity : (y[order[last]] - y[order[first]] - (y[order[at]] - y[order[at - 1]])) / steps;
}

function countsOf(groups: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const group of groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  return counts;
}

/** Pieces of equal labels along an order. */
function runsOf(order: Uint32Array, labels: Int32Array): number {
  let runs = 0;
  for (let at = 0; at < order.length; at++) if (at === 0 || labels[order[at]] !== labels[order[at - 1]]) runs++;
  return runs;
}

/** Whether at least 95 of 100 steps of a series go the same way. */
function isTrend(values: Float64Array): boolean {
  let [up, down] = [0, 0];
  for (let at = 1; at < values.length; at++) {
    if (values[at] >= values[at - 1]) up++;
    if (values[at] <= values[at - 1]) down++;
  }
  return Math.max(up, down) >= 0.95 * (values.length - 1);
}

/**
 * Whether neighbours in order of x are in that of y, too, in at least 95 of 100 pairs. A function of the target is so to its last steps; a feature that
 * merely follows it over a wide range (today's price at the opening and at the close) is right about the range, not about neighbours.
 */
function goesOneWay(x: Float64Array, y: Float64Array, rho: number): boolean {
  const order = Uint32Array.from(x.keys()).sort((one, other) => x[one] - x[other]);
  let [forward, pairs] = [0, 0];
  for (let at = 1; at < order.length; at++) {
    const [before, after] = [order[at - 1], order[at]];
    if (x[before] === x[after] || y[before] === y[after]) continue;
    pairs++;
    if (y[after] > y[before] === rho > 0) forward++;
  }
  return forward >= 0.95 * pairs;
}

const differences = (values: Float64Array): Float64Array => values.subarray(1).map((value, at) => value - values[at]);

function isSorted(values: Float64Array): boolean {
  return values.every((value, row) => row === 0 || !(value < values[row - 1])) || values.every((value, row) => row === 0 || !(value > values[row - 1]));
}

/** One group per category or per bin of numbers; missing is a group too, since whether there is a value can give a class away. */
function groupsOf(column: Column, rows: Uint32Array): Int32Array {
  if (column.type === "number") return groupNumbers(numbersAt(column.values, rows));
  return Int32Array.from(rows, (row) => column.codes[row] + 1);
}

/**
 * A guess by this column alone that leaves at most a twentieth of the errors of always guessing the most frequent class (few values), a hundredth (many);
 * a number along which the classes lie in one piece each, or, if it is different in each row, in few pieces, as a row's number in a table sorted by blocks;
 * or one that orders two classes with AUC ≥ 0.999.
 */
function givesClassAway(column: Column, target: Column, rows: Uint32Array): LeakageFinding | undefined {
  const { name } = column;
  const { labels, classes } = classCodes(target, rows);
  if (classes < 2) return undefined;
  const byValue = groupsOf(column, rows);
  // Many values, each seen once, hide that there is one for one class only (a date of death).
  const byPresence = Int32Array.from(rows, (row) => (isMissing(column, row) ? 0 : 1));
  const groups = groupAccuracy(byPresence, labels, classes).accuracy > groupAccuracy(byValue, labels, classes).accuracy ? byPresence : byValue;
  const { accuracy, base } = groupAccuracy(groups, labels, classes);
  // Fewer than ten rows outside the most frequent class can be guessed by luck.
  if ((1 - base) * rows.length < 10) return undefined;
  const inPieces = column.type === "number" ? classesInPieces(column, target, rows, labels, classes) : undefined;
  if (inPieces) return inPieces;
  const values = new Set(groups).size;
  if (values > fewValues && rows.length < rowsForManyValues) return undefined;
  const wrong = 1 - accuracy;
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

function classesInPieces(column: NumberColumn, target: Column, rows: Uint32Array, labels: Int32Array, classes: number): LeakageFinding | undefined {
  const present = Uint32Array.from(rows.keys()).filter((at) => !Number.isNaN(column.values[rows[at]]));
  if (present.length < Math.max(fewestRows, rows.length / 2)) return undefined;
  const x = (at: number): number => column.values[rows[at]];
  const order = present.sort((one, other) => x(one) - x(other));
  // Equal numbers in two classes are no threshold.
  for (let at = 1; at < order.length; at++) if (x(order[at]) === x(order[at - 1]) && labels[order[at]] !== labels[order[at - 1]]) return undefined;
  const pieces = runsOf(order, labels);
  const counts = countsOf(labels);
  const smallest = Math.min(...counts.values());
  if (pieces === classes && smallest >= fewestInGroup) {
    return leak(column, `${column.name} alone gives ${target.name} away: in its order each of the ${classes} classes is in one piece, over ${present.length} rows.`, 1);
  }
  const unique = order.every((row, at) => at === 0 || x(row) !== x(order[at - 1])) && order.every((row) => Number.isInteger(x(row)));
  // Rows in random order change class as often as two rows drawn at random differ.
  const expected = present.length * (1 - [...counts.values()].reduce((sum, count) => sum + (count / rows.length) ** 2, 0));
  if (!unique || pieces > 0.1 * expected) return undefined;
  return leak(column, `${column.name} numbers the rows, and in its order ${target.name} changes ${pieces - 1} times only, where ${Math.round(expected)} are to be expected: the rows were sorted by it.`, pieces / expected);
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
