import { columnNotFound } from "../column-names.ts";
import { constantFinding, duplicateFinding, emptyFinding, identifierFinding } from "./useless-columns.ts";
import { followUpFindings } from "./follow-up.ts";
import { findLinearRelation } from "./linear-relation.ts";
import type { LinearRelation } from "./linear-relation.ts";
import { findSmallSum } from "./small-sum.ts";
import { everyNth, numbersAt } from "../select-rows.ts";
import type { LeakageFinding, LeakageOptions } from "./leakage-types.ts";
import { targetGivenAway } from "./target-leak.ts";
import type { Column, NumberColumn, Table } from "../types.ts";

const sampleRows = 20_000;
const largestGroup = 8;

/**
 * Finds columns that a model must not learn from, by the data alone. At most 20 000 evenly spaced rows are looked at, and an exact
 * relation is then checked on every row. Each column is in one finding at most.
 *
 * @throws `data.column_not_found`
 */
export function findLeakage(table: Table, options: LeakageOptions): LeakageFinding[] {
  const target = table.columns.find(({ name }) => name === options.target);
  if (target === undefined) throw columnNotFound(options.target, table.columns.map(({ name }) => name), "target");
  const findings: LeakageFinding[] = [];
  let left = table.columns.filter((column) => column !== target && !options.keep?.includes(column.name));
  const leaveOut = (find: (column: Column) => LeakageFinding | undefined): void => {
    left = left.filter((column) => {
      const finding = find(column);
      if (finding !== undefined) findings.push(finding);
      return finding === undefined;
    });
  };
  leaveOut((column) => emptyFinding(column, table.rows) ?? constantFinding(column, table.rows));
  const isTime = ({ name }: Column): boolean => options.timestamps?.includes(name) ?? false;
  leaveOut((column) => (isTime(column) ? undefined : identifierFinding(column, table.rows)));
  const sample = everyNth(table.rows, sampleRows);
  // Sums come first: a large summand orders the rows as the target does and would be taken alone, leaving the small ones behind.
  if (target.type === "number") {
    for (let group = linearFinding(target, left, sample, isTime); group !== undefined; group = linearFinding(target, left, sample, isTime)) {
      const { columns } = group;
      findings.push(group);
      left = left.filter(({ name }) => !columns.includes(name));
    }
  }
  // A point in time may give a class away (a date of death is there for the dead only), but not the one that the rows are held out by.
  const exempt = (column: Column): boolean => (options.task === "regression" || options.time === undefined || options.time === null ? isTime(column) : column.name === options.time);
  leaveOut((column) => (exempt(column) ? undefined : targetGivenAway(column, target, sample, options.task)));
  const followUps = followUpFindings(left.filter(({ name }) => name !== options.time), target, options.timestamps ?? [], options.task);
  leaveOut((column) => followUps.find(({ columns }) => columns.includes(column.name)));
  for (const [index, column] of left.entries()) {
    const finding = duplicateFinding(column, left.slice(0, index), table.rows);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

/** Columns whose weighted sum is the target. Columns with more than 5 % missing are not part of it; rows with gaps are passed over. */
function linearFinding(target: NumberColumn, left: readonly Column[], sample: Uint32Array, isTime: (column: Column) => boolean) {
  const columns = left.filter((column): column is NumberColumn => column.type === "number" && !isTime(column) && mostlyFinite(column, sample));
  const rows = sample.filter((row) => Number.isFinite(target.values[row]) && columns.every(({ values }) => Number.isFinite(values[row])));
  const [parts, whole] = [columns.map(({ values }) => numbersAt(values, rows)), numbersAt(target.values, rows)];
  const relation = rows.length < 10 * (columns.length + 1) ? findSmallSum(parts, whole) : findLinearRelation(parts, whole, largestGroup);
  if (relation === undefined) return undefined;
  const members = relation.columns.map((index) => columns[index]);
  return describeRelation(target, members, relation);
}

function mostlyFinite({ values }: NumberColumn, sample: Uint32Array): boolean {
  return sample.reduce((missing, row) => missing + (Number.isFinite(values[row]) ? 0 : 1), 0) <= 0.05 * sample.length;
}

function describeRelation(target: NumberColumn, members: readonly NumberColumn[], { coefficients, intercept }: LinearRelation): LeakageFinding {
  const scale = spread(target.values);
  let [rows, holding] = [0, 0];
  for (const [row, value] of target.values.entries()) {
    const sum = members.reduce((total, { values }, at) => total + coefficients[at] * values[row], intercept);
    if (!Number.isFinite(value - sum)) continue;
    rows += 1;
    // Rounding of the parts may add up to a few thousandths of the spread.
    if (Math.abs(value - sum) <= 0.005 * scale) holding += 1;
  }
  const positiveFirst = [...members.keys()].sort((one, other) => Math.sign(coefficients[other]) - Math.sign(coefficients[one]));
  const terms = positiveFirst.map((member, at) => term(coefficients[member], members[member].name, at === 0));
  const constant = Math.abs(intercept) < 1e-6 * scale ? "" : ` ${intercept < 0 ? "−" : "+"} ${short(Math.abs(intercept))}`;
  const names = members.map(({ name }) => name);
  const verb = names.length === 1 ? "gives" : "together give";
  return {
    kind: "leak",
    columns: names,
    evidence: `${list(names)} ${verb} the target away: ${target.name} = ${terms.join(" ")}${constant} in ${holding} of ${rows} rows.`,
    statistic: holding / rows,
  };
}

function spread(values: Float64Array): number {
  const present = values.filter(Number.isFinite);
  const mean = present.reduce((sum, value) => sum + value, 0) / present.length;
  return Math.sqrt(present.reduce((sum, value) => sum + (value - mean) ** 2, 0) / present.length);
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

function term(coefficient: number, name: string, first: boolean): string {
  const size = short(Math.abs(coefficient));
  const sign = coefficient < 0 ? "− " : first ? "" : "+ ";
  return `${sign}${size === "1" ? "" : `${size} · `}${name}`;
}

const list = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
