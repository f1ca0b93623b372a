import { expect, test } from "vitest";
import type { Column } from "../types.ts";
import { followUpFindings } from "./follow-up.ts";

const rows = 200;
const numbers = (name: string, value: (row: number) => number): Column => ({ name, type: "number", values: Float64Array.from({ length: rows }, (_, row) => value(row)) });
const texts = (name: string, one: string, other: string): Column => ({ name, type: "category", codes: Int32Array.from({ length: rows }, (_, row) => row % 2), dictionary: [one, other] });

/** Odd rows had the event, after 0 to 19; the others were followed for 15 to 34. */
const short = (row: number): number => ((row >> 1) % 20) + (row % 2 === 0 ? 15 : 0);
const coded = (name: string): Column => numbers(name, (row) => row % 2);
const day = 86_400_000;

test.each<[string, Column, Column, string[]?]>([
  ["weeks until an arrest", coded("arrest"), numbers("week", short)],
  ["a status in codes", coded("status"), numbers("time", short)],
  ["a status in codes that are texts", texts("status", "0", "1"), numbers("time", short)],
  ["survival with its unit", texts("survived", "alive", "dead"), numbers("surv_time (years)", short)],
  ["a time called after the event", coded("rel"), numbers("edrel", short)],
  ["the date of a relapse", coded("relapse"), numbers("recurrence_date", (row) => 1e12 + short(row) * day), ["recurrence_date"]],
])("a length of observation: %s", (_, target, column, times = []) => {
  // By hand: of 20 × 20 pairs of times i and 15 + j, i is the greater in 10 and equal in 5.
  expect(followUpFindings([numbers("age", short), column], target, times, "binary")).toMatchObject([{ kind: "leak", columns: [column.name], statistic: expect.closeTo(1 - 10 / 400 - 2.5 / 400, 6) }]);
});

test.each<[string, Column, Column]>([
  ["a loan's status in words, and its term", texts("status", "bad", "good"), numbers("time", short)],
  ["a target that is no event", coded("spam"), numbers("time", short)],
  ["a column that is no length of observation", coded("death"), numbers("age", short)],
  ["times that do not differ", coded("death"), numbers("days", (row) => (row >> 1) % 20)],
  ["negative values", coded("death"), numbers("days", (row) => short(row) - 5)],
])("none: %s", (_, target, column) => expect(followUpFindings([column], target, [], "binary")).toEqual([]));

test("none where a number is predicted", () => expect(followUpFindings([numbers("time", short)], coded("death"), [], "regression")).toEqual([]));

test("what else a follow-up has found goes with its length: other lengths and other events, not what merely has two values", () => {
  const columns = [numbers("survtime", (row) => row), coded("censdead"), coded("treated"), numbers("rectime", short)];
  expect(followUpFindings(columns, coded("censrec"), [], "binary").map(({ columns: [name] }) => name)).toEqual(["rectime", "survtime", "censdead"]);
  expect(followUpFindings(columns.slice(0, 3), coded("censrec"), [], "binary")).toEqual([]);
});
