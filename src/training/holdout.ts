import { invalid } from "../errors.ts";
import { selectRows } from "../data/select-rows.ts";
import { firstOfEqualRows } from "../data/profile/duplicate-rows.ts";
import { groupUnits, splitAtRandom, splitByTime, type Split } from "../data/split.ts";
import type { Column, Table } from "../data/types.ts";
import { columnOf } from "./columns.ts";
import type { Task } from "./types.ts";

/** Which rows are held out of training, to judge the model by. Plain JSON: training and evaluation apply the same to the same table. */
export type Holdout =
  | {
      readonly by: "none";
      /** Only rows from that time on (ms) are trained on. */
      readonly since?: { readonly column: string; readonly from: number };
      /** They weigh the less the older they are (`weightsByAge`). */
      readonly halfLife?: { readonly column: string; readonly ms: number };
    }
  /** The newest rows by time, then by their order; of the others those from `from` on (ms; null: all) are trained on. */
  | { readonly by: "newest"; readonly column: string; readonly rows: number; readonly from: number | null }
  /** Rows of one `group` stay together; without a group, rows that are equal in every column that matters. */
  | { readonly by: "random"; readonly test: number; readonly stratify: boolean; readonly seed: number; readonly group?: string }
  | { readonly by: "time"; readonly column: string; readonly test: number }
  /**
   * Every third day of the last `days`, none of them before `since` (a champion's training ends there, so that neither model has
   * seen the held-out days) and the newest whole day kept for training: recent data to compare on, with a challenger that knows the present.
   */
  | { readonly by: "recent_days"; readonly column: string; readonly since: number; readonly days: number };

const dayMs = 86_400_000;

/**
 * Splits a table in what a model is trained on and what it is judged by. `features` are the columns by which, with the target, rows are the same row twice.
 */
export function holdOut(table: Table, target: string, task: Task, holdout: Holdout, features: readonly string[]): { readonly train: Table; readonly test: Table } {
  const { train, test } = heldOutRows(table, target, task, holdout, features);
  return { train: part(table, train), test: part(table, test) };
}

/** The rows of a split as a table: the table itself, where they are all of it. */
export const part = (table: Table, rows: Uint32Array): Table => (rows.length === table.rows ? table : selectRows(table, rows));

/** The numbers of the rows of both parts, each ascending. */
export function heldOutRows(table: Table, target: string, task: Task, holdout: Holdout, features: readonly string[]): Split {
  const all = (): Uint32Array => Uint32Array.from({ length: table.rows }, (_, row) => row);
  if (holdout.by === "none") {
    if (holdout.since === undefined) return { train: all(), test: new Uint32Array() };
    const { column, from } = holdout.since;
    const times = timesOf(table, column);
    return { train: all().filter((row) => times[row] >= from), test: new Uint32Array() };
  }
  if (holdout.by === "random") return randomSplit(table, target, task, holdout, features);
  const times = timesOf(table, holdout.column);
  if (holdout.by === "time") return splitByTime(times, holdout.test, { wholeDays: true });
  if (holdout.by === "newest") {
    const ordered = inTimeOrder(times);
    const cut = Math.max(0, ordered.length - holdout.rows);
    const { from } = holdout;
    return { train: ordered.slice(0, cut).filter((row) => from === null || times[row] >= from).sort(), test: ordered.slice(cut).sort() };
  }
  const days = recentDays(times, holdout.since, holdout.days);
  const isHeld = (row: number): boolean => days.has(Math.floor(times[row] / dayMs));
  return { train: all().filter((row) => !isHeld(row)), test: all().filter(isHeld) };
}

/** How much rows weigh by their times (ms): one that is `halfLife` older than the newest half as much as that, one without a time as the oldest. */
export function weightsByAge(times: Float64Array, halfLife: number): Float64Array {
  let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const time of times) {
    if (time < oldest) oldest = time;
    if (time > newest) newest = time;
  }
  return times.map((time) => 2 ** ((Number.isNaN(time) ? oldest - newest : time - newest) / halfLife));
}

/** The numbers of all rows by their time, then by their order; rows without a time come first. */
export function inTimeOrder(times: Float64Array): Uint32Array {
  const key = (row: number): number => (Number.isNaN(times[row]) ? Number.NEGATIVE_INFINITY : times[row]);
  const rows = Uint32Array.from(times.keys());
  // Differences of infinities are no order.
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a - b));
}

/** The points in time of a column, ms; throws `training.no_time`. */
export function timesOf(table: Table, name: string): Float64Array {
  const times = table.columns.find((column) => column.name === name);
  if (times?.type !== "number") throw invalid("training.no_time", `Column ${name} holds no points in time to hold rows out by`);
  return times.values;
}

/** The split that was made last of the table with a target column: training and evaluation split the same one. Gone with the table. */
const made = new WeakMap<Column, { readonly of: readonly unknown[]; readonly split: Split }>();

function randomSplit(table: Table, target: string, task: Task, holdout: Extract<Holdout, { by: "random" }>, features: readonly string[]): Split {
  const { group, test, stratify, seed } = holdout;
  const rowNames = [...features, target];
  const used = new Map(table.columns.map((column) => [column.name, column]));
  const of = [table.rows, task, JSON.stringify(holdout), ...[...new Set([...rowNames, ...(group === undefined ? [] : [group])])].map((name) => used.get(name))];
  const targetColumn = columnOf(table, target);
  const last = made.get(targetColumn);
  if (last?.of.length === of.length && of.every((one, at) => one === last.of[at])) return last.split;
  // A project may leave it open what kind of target it has; a number's values are no classes, and each alone would never be held out.
  const classes = stratify && task !== "regression" ? targetColumn : undefined;
  const units = unitsOf(table, group, rowNames);
  // A group may have rows of several classes, which then cannot be in their shares each.
  const split = splitAtRandom(table.rows, test, { seed, ...(classes && group === undefined ? { classes } : {}), ...(units && { units }) });
  made.set(targetColumn, { of, split });
  return split;
}

/** What keeps rows together that must not stand on both sides: a group, or equal rows, where those are the exception. */
function unitsOf(table: Table, group: string | undefined, names: readonly string[]): Int32Array | undefined {
  if (group !== undefined) {
    const column = table.columns.find(({ name }) => name === group);
    if (!column) throw invalid("training.no_group", `There is no column ${group} to split by; data.split.group names one of the table`);
    return groupUnits(column);
  }
  const units = firstOfEqualRows({ rows: table.rows, columns: table.columns.filter(({ name }) => names.includes(name)) });
  const distinct = units.reduce((count, first, row) => count + (first === row ? 1 : 0), 0);
  // Of a few columns of few values most rows come again by chance.
  return distinct < table.rows && distinct >= table.rows / 2 ? units : undefined;
}

/**
 * Numbers of the days to hold out: of the days with rows since `since`, at most `days` back from the newest, the 2nd, 5th, 8th … newest;
 * a newest day with less than half the rows of a usual one is not counted.
 */
function recentDays(times: Float64Array, since: number, days: number): Set<number> {
  let newest = Number.NEGATIVE_INFINITY;
  for (const time of times) if (time > newest) newest = time;
  const earliest = Math.max(Math.ceil(since / dayMs), Math.floor(newest / dayMs) - days + 1);
  const seen = new Map<number, number>();
  for (const time of times) {
    const day = Math.floor(time / dayMs);
    if (day >= earliest) seen.set(day, (seen.get(day) ?? 0) + 1);
  }
  const counts = [...seen.values()].sort((a, b) => a - b);
  // Labels arrive by the clock, not by the day: of the newest day a row or two may be all there is, and then it is no day yet.
  const whole = (day: number): boolean => seen.get(day)! >= counts[Math.floor(counts.length / 2)] / 2;
  const candidates = [...seen.keys()].sort((a, b) => b - a).filter((day, position, all) => position > 0 || all.length === 1 || whole(day));
  if (candidates.length === 0) {
    throw invalid("training.nothing_to_hold_out", `There are no rows since ${new Date(since).toISOString()} to hold out; wait for labels, or train without a comparison`);
  }
  return new Set(candidates.length === 1 ? candidates : candidates.filter((_, position) => position % 3 === 1));
}
