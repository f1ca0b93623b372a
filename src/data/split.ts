import { invalid } from "../errors.ts";
import type { Column } from "./types.ts";

/** Row numbers of the two parts, each ascending; together every row once. */
export interface Split {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

const dayMilliseconds = 86_400_000;

/**
 * The last part of the time for testing: rows at or after `boundary`, so that no model is tested on what came before something it learnt
 * from. Of all boundaries, the one whose share of rows is nearest to `share` (0 to 1, exclusive). With `wholeDays` (times are then
 * milliseconds) a boundary is a UTC midnight, unless all rows are of one day. Rows without a time are for training.
 *
 * @throws `data.split_share_invalid`, `data.split_impossible` (all times are equal)
 */
export function splitByTime(times: Float64Array, share: number, options: { readonly wholeDays: boolean }): Split & { readonly boundary: number } {
  checkShare(share);
  const byDay = options.wholeDays ? times.map((time) => Math.floor(time / dayMilliseconds) * dayMilliseconds) : times;
  const boundary = findBoundary(byDay, share) ?? findBoundary(times, share);
  if (boundary === undefined) {
    throw invalid("data.split_impossible", "All rows have the same time, so they cannot be split by it; split at random instead.");
  }
  return { ...partition(times.length, (row) => times[row] >= boundary), boundary };
}

/** The distinct time, other than the first, from which on the share of rows is nearest to `share`; of two as near, the later. */
function findBoundary(times: Float64Array, share: number): number | undefined {
  const sorted = times.filter((time) => !Number.isNaN(time)).sort();
  let best: number | undefined;
  let miss = Infinity;
  for (let at = 1; at < sorted.length; at += 1) {
    if (sorted[at] === sorted[at - 1]) continue;
    const off = Math.abs((sorted.length - at) / sorted.length - share);
    if (off <= miss) [best, miss] = [sorted[at], off];
  }
  return best;
}

/** The first row of each group of rows that equal each other in `column`: what keeps them on one side of a split. A missing value is a group of its own row. */
export function groupUnits(column: Column): Int32Array {
  const first = new Map<number, number>();
  const raw = column.type === "number" ? column.values : column.codes;
  return Int32Array.from(raw, (value, row) => {
    if (column.type === "number" ? Number.isNaN(value) : value < 0) return row;
    const known = first.get(value);
    if (known === undefined) first.set(value, row);
    return known ?? row;
  });
}

/**
 * About `share` of the rows for testing, by a hash of seed and row number: the same seed sends a row to the same part, however many rows
 * follow. With `classes` (a category, or a number of few values) every class is split in that share on its own, to the nearest row and at
 * least one to each part where a class has two; then parts can change as rows are added. A missing class is a class. Rows of one unit (`units` has the
 * unit's first row for each row) stay together, and shares are as near as they then can be.
 *
 * @throws `data.split_share_invalid`, `data.split_impossible` (fewer than two rows)
 */
export function splitAtRandom(rows: number, share: number, options: { readonly seed: number; readonly classes?: Column; readonly units?: Int32Array }): Split {
  checkShare(share);
  if (rows < 2) throw invalid("data.split_impossible", `${rows} rows cannot be split in two.`);
  const { units } = options;
  const hashes = Float64Array.from({ length: rows }, (_, row) => unitHash(options.seed, units ? units[row] : row));
  const test = new Set<number>();
  const strata = options.classes === undefined ? undefined : rowsByClass(options.classes);
  for (const members of strata ?? []) {
    const wanted = Math.round(members.length * share);
    const count = members.length < 2 ? 0 : Math.min(Math.max(wanted, 1), members.length - 1);
    members.sort((one, other) => hashes[one] - hashes[other] || one - other);
    for (const row of members.slice(0, units ? wholeUnits(members, units, count) : count)) test.add(row);
  }
  if (strata !== undefined) return neverEmpty(partition(rows, (row) => test.has(row)));
  return neverEmpty(partition(rows, (row) => hashes[row] < share));
}

/** The number of first members nearest to `count` that ends with a unit; members of a unit follow each other. */
function wholeUnits(members: readonly number[], units: Int32Array, count: number): number {
  const ends = (at: number): boolean => at === 0 || at === members.length || units[members[at]] !== units[members[at - 1]];
  for (let off = 0; off <= members.length; off++) {
    if (count - off >= 0 && ends(count - off)) return count - off;
    if (count + off <= members.length && ends(count + off)) return count + off;
  }
  return count;
}

function rowsByClass(column: Column): number[][] {
  const groups = new Map<number, number[]>();
  for (const [row, value] of (column.type === "number" ? column.values : column.codes).entries()) {
    const group = groups.get(value);
    if (group === undefined) groups.set(value, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

/** A few rows can all fall on one side; then the last row of it changes over. */
function neverEmpty({ train, test }: Split): Split {
  if (test.length === 0) return { train: train.subarray(0, -1), test: train.subarray(-1) };
  return train.length === 0 ? { train: test.subarray(-1), test: test.subarray(0, -1) } : { train, test };
}

function partition(rows: number, isTest: (row: number) => boolean): Split {
  const [train, test]: [number[], number[]] = [[], []];
  for (let row = 0; row < rows; row += 1) (isTest(row) ? test : train).push(row);
  return { train: Uint32Array.from(train), test: Uint32Array.from(test) };
}

/** A number in [0, 1) from seed and row: two rounds of MurmurHash3's 32-bit finaliser. */
function unitHash(seed: number, row: number): number {
  return mix(mix(seed | 0) ^ row) / 2 ** 32;
}

function mix(value: number): number {
  let hash = (value + 0x9e3779b9) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function checkShare(share: number): void {
  if (share > 0 && share < 1) return;
  throw invalid("data.split_share_invalid", `The share of rows for testing must lie between 0 and 1, not ${share}; 0.2 is usual.`, { share });
}
