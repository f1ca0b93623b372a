import { readCategory, readNumber } from "../../src/values/read-cell.ts";
import { KnownCategories } from "../../src/values/known-categories.ts";
import type { Reading } from "../../src/values/reading.ts";
import type { Column, Table } from "../../src/data/types.ts";

/** A table as its file has it: cells are texts, as they stand between the commas. */
export interface RawTable {
  readonly what: string;
  readonly columns: readonly RawColumn[];
  /** What training never saw, by column; every other cell of these rows is that of the row of training before it. */
  readonly unseen?: Readonly<Record<string, string>>;
}

export interface RawColumn {
  readonly name: string;
  readonly reading: Reading;
  /** Repeated down the rows, each column at a pace of its own. */
  readonly cells: readonly string[];
}

const number = (name: string, cells: readonly string[], more: object = {}): RawColumn => ({ name, reading: { type: "number", ...more }, cells });
const category = (name: string, cells: readonly string[], more: object = {}): RawColumn => ({ name, reading: { type: "category", ...more }, cells });

/** Every kind of awkwardness that files in the field have. */
export const awkwardTables: readonly RawTable[] = [
  {
    what: "blanks after the comma",
    columns: [category("job", [" Private", " State-gov", "Private ", " ?"], { missing: ["?"] }), number("age", [" 39", " 50 ", "38", " ?"])],
  },
  {
    what: "booleans in all spellings",
    columns: [
      category("python", ["True", "False"], { boolean: true }),
      category("answer", ["yes", "No", "YES", ""], { boolean: true }),
      category("letter", ["T", "F"], { boolean: true }),
      category("digit", ["0", "1"], { boolean: true }),
      number("x", ["0.5", "-1.25e1", "+3"]),
    ],
  },
  { what: "words for missing among numbers", columns: [number("best", ["1.5", "NA", "N/A", "\\N", "-", "None", "27"]), number("sensor", ["-999", "3", "4.5", "-999.0"], { missing: ["-999"] })] },
  {
    what: "decimal commas, thousands, currencies",
    columns: [
      number("price", ["1.234,50", "12,5", "1.658", "-3", "−7,25"], { decimal: ",", thousands: "." }),
      number("cost", ["$1,200.00", "($35)", "$-5", "12"], { thousands: ",", affixes: ["$"], parentheses: true }),
      number("share", ["12 %", "7%", "0.5 %"], { affixes: ["%"] }),
      number("lab", ["<0.01", "0.2", ">100"], { bounds: true }),
      number("time", ["14:05", "2:05:30", "23:59"], { clock: true }),
    ],
  },
  { what: "codes with leading zeros", columns: [category("zip", ["0101", "101", "00501", "501", "+7", "0"]), number("x", ["1", "2"])], unseen: { zip: "0501" } },
  { what: "categories that are numbers", columns: [category("code", ["7", "7.0", "B2", "08", "8"]), category("model", ["5", "6", "10"]), number("x", ["1", "2", "3"])], unseen: { model: "11" } },
  { what: "large integers", columns: [category("account", ["9007199254740993", "9007199254740992", "18446744073709551615"]), number("amount", ["16777217", "123456789", "1e12"])] },
  {
    what: "names that mean something to programs",
    columns: [
      category("__proto__", ["a", "b"]),
      category("constructor", ["c", "d", "e"]),
      number("toString", ["1", "2", "3"]),
      number("hasOwnProperty", ["1", "5"]),
      category("label", ["x", "y"]),
      category("predictions", ["x", "z"]),
      number(`it's "quoted"`, ["1", "8"]),
      number("a/b c%20d?e=f&g", ["1", "4"]),
      category("größe 変数", ["ä", "変", ""]),
      number("0", ["3", "9"]),
    ],
  },
  { what: "categories that training did not see", columns: [category("city", ["Oslo", "Rome", "NA", "a,b", 'say "hi"', "Ж"]), number("x", ["1", "2"])], unseen: { city: "Atlantis" } },
];

export const tableRows = 60;

/** Rows of texts; the last are those with what training did not see, where the table has such. */
export function rawRows({ columns, unseen }: RawTable): readonly string[][] {
  const rows = Array.from({ length: tableRows }, (_, row) => columns.map(({ cells }, at) => cells[Math.floor(row / (at + 1)) % cells.length]));
  if (!unseen) return rows;
  return [...rows, ...rows.slice(-2).map((row) => row.map((cell, at) => unseen[columns[at].name] ?? cell))];
}

/** Rows as a trainer takes them, read once by `values/` as a file is; with a target that every cell has a say in. */
export function readTable({ columns }: RawTable, rows: readonly string[][], target: string): Table {
  const trained = rows.slice(0, tableRows);
  const read = columns.map(({ name, reading }, at): Column => {
    if (reading.type === "number") return { name, type: "number", values: Float64Array.from(rows, (row) => readNumber(row[at], reading)!) };
    if (reading.type === "timestamp") throw new Error("trainers take no points in time");
    const known = new KnownCategories(trained.map((row) => readCategory(row[at], reading)).filter((text) => text !== ""));
    const texts = rows.map((row) => readCategory(row[at], reading, known));
    const dictionary = [...new Set(texts)].filter((text) => text !== "").toSorted();
    return { name, type: "category", codes: Int32Array.from(texts, (text) => dictionary.indexOf(text)), dictionary };
  });
  const values = Float64Array.from(rows, (_, row) =>
    read.reduce((sum, column, at) => {
      const value = column.type === "number" ? Math.sign(column.values[row]) * Math.log1p(Math.abs(column.values[row])) : column.codes[row] * 3;
      return sum + (Number.isNaN(value) ? -20 : value) * (at + 1);
    }, 0),
  );
  return { rows: rows.length, columns: [...read, { name: target, type: "number", values }] };
}
