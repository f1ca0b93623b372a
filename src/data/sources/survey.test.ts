import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { CsvLayout } from "./layout.ts";
import { survey } from "./survey.ts";

/** Everything that a survey says, or the fault it ends with. */
async function told(path: string, csv: CsvLayout, parts: number): Promise<unknown> {
  try {
    const { surveys, rows, lines } = await survey({ path, csv, columns: [] }, statSync(path).size, parts);
    const ofRows = <T>(of: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => of(row));
    return {
      rows,
      lines: ofRows((row) => lines!.of(row)),
      columns: surveys.map((column) => {
        const { texts: _, cells: __, counts, firstRows, ...counted } = column.packed;
        return { ...counted, texts: column.texts.texts(), counts: [...counts], firstRows: [...firstRows], numbers: ofRows((row) => column.cells!.numberOf(row)), textOf: ofRows((row) => column.cells!.textOf(row)) };
      }),
    };
  } catch (fault) {
    const { name, kind, line } = fault as { name: string; kind: string; line: number };
    return { name, kind, line };
  }
}

const cell = fc.oneof(
  { arbitrary: fc.constantFrom("1", "-2.5", "0101", "1.234", "20240131", "202401", "-0", "99999999999999999", "", "red", "blue", " red ", "NA"), weight: 8 },
  // Line ends and delimiters within quotes, where a guess of a record's beginning goes wrong.
  { arbitrary: fc.constantFrom('"a\n1,2\nb"', '"x""y"', '"\r\n"', '"1"', '"\n\n\n"'), weight: 2 },
);
const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 60 });
const csv: CsvLayout = { delimiter: ",", width: 2, skipLines: 0, skipRecords: 1 };

test("what threads find in parts of a file is what one reading finds, its lines and faults too", async () => {
  const folder = await temporaryFolder();
  let number = 0;
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom("\n", "\r\n"), fc.constantFrom("", "", "lonely\n", '"never closed', "1,2,3\n"), fc.nat(1000), fc.boolean(), async (cells, lineEnd, odd, at, blank) => {
      const lines = cells.map((one) => `${one.join(",")}${lineEnd}${blank ? lineEnd : ""}`);
      if (odd !== "") lines.splice(at % lines.length, 0, odd);
      const path = join(folder, `t${number++}.csv`);
      writeFileSync(path, `a,b${lineEnd}${lines.join("")}`);
      expect(await told(path, csv, 3)).toEqual(await told(path, csv, 1));
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("a header longer than its part, a footer that is left out, and a file without line ends near are read as one", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "t.csv");
  const body = Array.from({ length: 40 }, (_, row) => `${row},k${row % 3}\n`).join("");
  for (const [text, layout] of [
    [`"${"a\n".repeat(400)}",b\n${body}`, csv],
    [`a,b\n${body}total,9,9,9\n`, { ...csv, until: `a,b\n${body}`.length }],
    [`a,b\n1,${"x".repeat(200_000)}\n`, csv],
    [`title\n\na,b\n${body}`, { ...csv, skipLines: 2 }],
  ] as const) {
    writeFileSync(path, text);
    const one = await told(path, layout, 1);
    expect(one).toHaveProperty("rows");
    expect(await told(path, layout, 4)).toEqual(one);
  }
});
