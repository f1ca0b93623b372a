import { expect, test } from "vitest";
import { findSmallSum } from "./small-sum.ts";

const rows = 90;
const noise = (seed: number): Float64Array => Float64Array.from({ length: rows }, (_, row) => Math.round(((Math.sin(row * 12.9898 + seed) * 43758.5453) % 1) * 1000) / 10);
const columns = Array.from({ length: 20 }, (_, at) => noise(at));
const made = (of: (row: number) => number): Float64Array => Float64Array.from({ length: rows }, (_, row) => of(row));

test.each<[what: string, target: Float64Array, found: number[] | undefined]>([
  ["the middle of two, rounded", made((row) => Math.round((columns[3][row] + columns[7][row]) * 5) / 10), [3, 7]],
  ["a sum", made((row) => columns[0][row] + columns[19][row]), [0, 19]],
  ["one, in other units", made((row) => Math.round(columns[4][row] * 45.36) / 100), [4]],
  ["a sum with noise", made((row) => columns[0][row] + columns[1][row] + columns[2][row] / 20), undefined],
  ["too few steps to tell", made((row) => Math.round(columns[5][row] / 50)), undefined],
])("%s", (_, target, found) => expect(findSmallSum(columns, target)?.columns).toEqual(found));
