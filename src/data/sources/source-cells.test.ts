import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { CellBudget, RememberedCells } from "../columns/remembered-cells.ts";
import { loadSource } from "./load-source.ts";
import { inspectSource } from "./source.ts";

/** Columns of one kind each, so that readings of every kind meet: what is remembered, and what must be read again. */
const kinds = {
  number: fc.oneof(fc.integer().map(String), fc.double({ noNaN: true, noDefaultInfinity: true }).map(String), fc.constantFrom("", "NA", " 7 ", "-0", "1e3")),
  german: fc.constantFrom("1.234,5", "0,5", "12", "", "1.000"),
  code: fc.constantFrom("0101", "101", "0007", "", "x1"),
  category: fc.constantFrom("red", " blue", "Red", "", "n/a", '"a, b"', "3"),
  truth: fc.constantFrom("yes", "no", "Yes", ""),
  day: fc.constantFrom("2021-03-01", "2021-03-02 ", "", "2020-12-31"),
  digits: fc.constantFrom("20210301", "20210302", "20201231"),
  inf: fc.constantFrom("inf", "-inf", "1", "2.5", "nan"),
};

test("what is remembered of a file is what a second reading of it gives", async () => {
  const folder = await temporaryFolder();
  const columns = fc.uniqueArray(fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[])), { minLength: 1, maxLength: 4 });
  const tables = columns.chain((names) => fc.tuple(fc.constant(names), fc.array(fc.tuple(...names.map((name) => kinds[name])), { minLength: 1, maxLength: 30 })));
  let case_ = 0;
  await fc.assert(
    fc.asyncProperty(tables, async ([names, rows]) => {
      const file = join(folder, `t${case_++}.csv`);
      writeFileSync(file, `id;${names.join(";")}\n${rows.map((cells, row) => `${row};${cells.join(";")}`).join("\n")}\n`);
      const inspected = await inspectSource(file);
      const { surveys: _, ...again } = inspected;
      expect(inspected.surveys).toHaveLength(names.length + 1);
      expect(await loadSource(inspected)).toEqual(await loadSource(again));
    }),
    { numRuns: 60 },
  );
});

test("a budget that is used up forgets the column that would go beyond it, and leaves the others", () => {
  const budget = new CellBudget(2 * 8 * 1024 + 4 * 1024);
  const [one, other] = [new RememberedCells(budget), new RememberedCells(budget)];
  for (let row = 0; row < 1500; row++) {
    if (row % 3 === 0) one.missing();
    else one.number(row);
  }
  expect([one.forgotten, one.rows, one.numberOf(0), one.numberOf(1), one.numberOf(1499), one.numberOf(9999), one.textOf(1)]).toEqual([false, 1500, NaN, 1, 1499, NaN, -1]);
  for (let row = 0; row < 1500; row++) other.text(row % 7);
  expect([other.forgotten, other.rows]).toEqual([true, 1500]);
  expect(one.forgotten).toBe(false);
});
