import { describe, expect, test } from "vitest";
import type { Reading } from "../../values/reading.ts";
import { decideColumn, marksOfFile } from "./decide-column.ts";
import type { Decision, ReadingChoices, SurveyedColumn } from "./decision.ts";
import { SurveyColumn } from "./survey-column.ts";

function surveyed(name: string, cells: readonly (string | number)[], target = false): SurveyedColumn {
  const survey = new SurveyColumn();
  for (const cell of cells) if (typeof cell === "number") survey.number(cell);
  else survey.text(cell);
  return { name, survey, lineOf: (row) => row + 2, target, epochs: false };
}

function decide(cells: readonly string[], more: { name?: string; choices?: ReadingChoices; target?: boolean; beside?: readonly string[] } = {}): Decision {
  const column = surveyed(more.name ?? "x", cells, more.target);
  return decideColumn(column, marksOfFile([column, ...(more.beside ? [surveyed("y", more.beside)] : [])]), more.choices ?? {});
}

/** The reading without the words for missing. */
function shown({ reading, stored }: Decision): string {
  const { type, missing: _, ...others } = reading as Reading & { missing?: unknown };
  const rest = Object.fromEntries(Object.entries(others).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return `${type} ${stored}${Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest).replaceAll('"', "")}` : ""}`;
}

const many = (make: (index: number) => string, count = 100): string[] => Array.from({ length: count }, (_, index) => make(index));
const numbers = many((i) => `${i}.5`);
const dates = many((i) => new Date(Date.UTC(2023, 0, 1 + i)).toISOString().slice(0, 10));
const dmy = dates.map((date) => date.split("-").reverse().join("/"));

describe("what a column is", () => {
  test.each<[what: string, cells: string[], expected: string, remark?: RegExp]>([
    ["ten words for missing", [...numbers, ...many(() => "None", 10)], "number DOUBLE", /x holds numbers but for 10 cells such as `None` \(line 102\), which are read as missing/],
    ["words of other programs", [...numbers, "\\N", "<NA>", "#N/A", "-", "(null)", "-nan", "NaT", "NULL "], "number DOUBLE", /8 cells such as `\\N`/],
    ["mostly missing", [...many(() => "NA", 90), ...many((i) => `${i}`, 10)], "number BIGINT", /90 cells such as `NA`/],
    ["one word that nobody uses for missing", [...numbers, "tbd"], "number DOUBLE", /1 cell, `tbd` \(line 102\), which are read as missing/],
    ["as many words as numbers", [...numbers, ...many((i) => `A${i}`)], "category VARCHAR", /x holds numbers in 100 of 200 cells, but also 100 cells such as `A0`.*data\.types/],
    ["codes with zeros", ["0101", "101", "0202", "202"], "category VARCHAR", /codes/],
    ["telephone numbers", ["+4955512345", "5551234567"], "category VARCHAR", /codes/],
    ["a sign is no code", ["+1", "-1", "+250"], "number BIGINT"],
    ["integers beyond 2^53", ["9007199254740993", "1"], "category VARCHAR", /beyond 2\^53/],
    ["English thousands", ["1,658.50", "12.25", "2,000.00"], "number DOUBLE {thousands:,}", /1,658\.50 is 1658\.5/],
    ["whole thousands", ["1,658", "912", "2,000"], "number BIGINT {thousands:,}"],
    ["decimal commas", ["36,5", "1,25", "7"], "number DOUBLE {decimal:,}"],
    ["German", ["1.658,50", "12,25"], "number DOUBLE {decimal:,,thousands:.}"],
    ["spaces", ["1 658,50", "12,25"], "number DOUBLE {decimal:,,thousands: }"],
    ["a currency", ["$1,200.50", "$3.00", "-$5.25"], "number DOUBLE {affixes:[$],thousands:,}", /\$1,200\.50 is 1200\.5/],
    ["two currencies are not added up", ["$1,200.50", "€3.00", "$7.00"], "category VARCHAR"],
    ["per cent", ["12.5 %", "3 %"], "number DOUBLE {affixes:[%]}", /12\.5 % is 12\.5/],
    ["an accountant's minus", ["(1,200)", "1,500", "900"], "number BIGINT {parentheses:true,thousands:,}"],
    ["limits of detection", [...numbers, "<0.01", "80+"], "number DOUBLE {bounds:true}", /<0\.01 is 0\.01/],
    ["times of day", ["14:05", "9:30", "23:59:30"], "number BIGINT {clock:true}", /numbers of seconds: 14:05 is 50700/],
    ["exponents among thousands", ["1.5e3", "1,658.23"], "number DOUBLE {thousands:,}"],
    ["true and false", ["True", "FALSE", "true"], "category BOOLEAN {boolean:true}"],
    ["with words for missing", ["True", "FALSE", "None"], "category BOOLEAN {boolean:true}", /1 cell, `None`/],
    ["with another word", ["True", "FALSE", "maybe"], "category VARCHAR"],
    ["yes and no stay words", ["yes", "no"], "category VARCHAR"],
    ["NA among texts", ["NA", "FR", "DE", "NA"], "category VARCHAR", /2 cells such as `NA` \(line 2\) among them, which are kept as a category/],
    ["ISO dates", dates, "timestamp DATE"],
    ["the day first", dmy, "timestamp DATE {order:dmy}", /with the day first: 01\/01\/2023/],
    ["the month first", dates.map((date) => `${Number(date.slice(5, 7))}/${Number(date.slice(8))}/${date.slice(2, 4)}`), "timestamp DATE {order:mdy}", /with the month first/],
    ["which is the day cannot be told", ["01/02/2024", "03/04/2024", "05/06/2024"], "timestamp DATE {order:dmy}", /could have the day or the month first/],
    ["the order of rows tells", ["01/02/2024", "01/03/2024", "02/01/2024", "02/04/2024"], "timestamp DATE {order:mdy}", /could have/],
    ["with points and times", ["31.12.2024 14:05", "01.01.2025 00:10"], "timestamp TIMESTAMP {order:dmy}"],
    ["in words", ["Dec 31, 2024", "Jan 1, 2025"], "timestamp DATE"],
    ["a zone", ["2024-12-31T14:05:09+0100", "2024-12-31 14:05:09 UTC"], "timestamp TIMESTAMP"],
    ["of two ways", [...dates, ...dmy], "timestamp DATE {order:dmy}"],
    ["quarters", ["1974Q1", "1974Q2"], "timestamp DATE"],
    ["months", ["2024-11", "2024-12"], "timestamp DATE"],
    ["digits of dates", ["19600102", "19600109", "19600301"], "timestamp DATE {unit:yyyymmdd}", /19600102 of 1960-01-02/],
    ["eight digits that are no dates", ["19600102", "19601309", "19600301"], "number BIGINT"],
    ["a few dates missing", [...dates, "?", "not yet"], "timestamp DATE", /1 cell, `not yet`/],
    ["few dates among texts", ["2011-01-01", "2011-02-30", "n/a"], "category VARCHAR"],
    ["years are numbers", many((i) => String(1871 + i)), "number BIGINT"],
    ["nothing", ["", " "], "category VARCHAR"],
  ])("%s", (_, cells, expected, remark) => {
    const decision = decide(cells);
    expect(shown(decision)).toBe(expected);
    if (remark) expect(decision.remarks.map(({ message }) => message).join("; ")).toMatch(remark);
  });

  test.each<[what: string, cells: string[], name: string, expected: string]>([
    ["seconds", ["1709253000", "1709253060"], "created_at", "timestamp TIMESTAMP {unit:s}"],
    ["milliseconds", ["1709253000000", "1709253060000"], "timestamp", "timestamp TIMESTAMP {unit:ms}"],
    ["seconds by no such name", ["1709253000", "1709253060"], "phone", "number BIGINT"],
    ["Excel's days", ["45657", "45658"], "order_date", "timestamp DATE {unit:excel}"],
    ["digits of months", ["202411", "202412"], "month", "timestamp DATE {unit:yyyymm}"],
  ])("named as a time: %s", (_, cells, name, expected) => expect(shown(decide(cells, { name }))).toBe(expected));

  test("one thousands point in a file of decimal commas is no decimal point", () => {
    expect(shown(decide(["5.142", "1.485", "912"], { beside: ["9,36", "8,15"] }))).toBe("number BIGINT {decimal:,,thousands:.}");
    expect(shown(decide(["5.142", "1.485"], { beside: ["9.36", "8.15"] }))).toBe("number DOUBLE");
    expect(shown(decide(["5.14", "1.485"], { beside: ["9,36", "8,15"] }))).toBe("number DOUBLE");
  });

  test("a target's rare word for missing is no class, a frequent one is", () => {
    const classes = many((i) => (i % 2 ? "yes" : "no"), 400);
    const rare = decide([...classes, "None", "None", "None"], { target: true });
    expect([rare.reading.missing, rare.remarks[0].message]).toEqual([["None"], expect.stringMatching(/3 cells such as `None`.*read as missing, not as a class/)]);
    const frequent = decide([...classes, ...many(() => "NA", 150)], { target: true });
    expect([frequent.reading.missing, frequent.remarks[0].message]).toEqual([undefined, expect.stringMatching(/kept as a class/)]);
  });

  test("what the caller chooses is not questioned", () => {
    expect(shown(decide(numbers, { choices: { types: { x: "text" } } }))).toBe("category VARCHAR");
    expect(shown(decide(["1", "A"], { choices: { types: { x: "number" } } }))).toBe("number BIGINT");
    expect(shown(decide(["1,658"], { choices: { decimal: "," } }))).toBe("number DOUBLE {decimal:,}");
    expect(shown(decide(["1.658"], { choices: { thousands: { x: "." }, decimal: { x: "," } } }))).toBe("number BIGINT {decimal:,,thousands:.}");
    expect(shown(decide(["01/02/2024"], { choices: { dates: { x: "mdy" } } }))).toBe("timestamp DATE {order:mdy}");
    expect(decide(["NA", "FR"], { choices: { missing: ["NA"] } }).reading.missing).toEqual(["NA"]);
    expect(decide(["-999", "5"], { choices: { missing: { x: ["-999"] } } }).reading.missing).toEqual(["-999"]);
    expect(decide(["-999", "5"], { choices: { missing: { y: ["-999"] } } }).reading.missing).toBeUndefined();
  });
});
