import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csvCell, readDelimited } from "./csv.ts";

test.each([
  ["a,b\n1,2\n", ",", [["a", "b"], ["1", "2"]]],
  ["a,b\r\n1,2", ",", [["a", "b"], ["1", "2"]]],
  ['"a ""b"", c","d\ne"', ",", [['a "b", c', "d\ne"]]],
  ["a,,\n,\n", ",", [["a", "", ""], ["", ""]]],
  ["a\tb,c", "\t", [["a", "b,c"]]],
  ['"never closed', ",", [["never closed"]]],
  ["", ",", []],
])("%j", (text, separator, rows) => expect(readDelimited(text, separator, 100)).toEqual(rows));

test("only so many rows are read", () => expect(readDelimited("1\n2\n3\n", ",", 2)).toEqual([["1"], ["2"]]));

test("what is written is read", () => {
  const cell = fc.string({ maxLength: 6, unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ") });
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 4 }), (rows) => {
      const text = rows.map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(",")).join("\n");
      expect(readDelimited(text, ",", 100)).toEqual(rows);
    }),
    { seed: 5, numRuns: 300 },
  );
});

test.each([["=1+1", "'=1+1"], ["-1.5", "-1.5"], ["+x", "'+x"], [-2, "-2"], ['a"b', '"a""b"'], [undefined, ""], ["-Infinity", "-Infinity"]])("the cell %j is written %s", (value, text) => expect(csvCell(value)).toBe(text));
