import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownCategories } from "./known-categories.ts";
import { readCategory, readNumber, readTime } from "./read-cell.ts";
import { describeReading, type Cell, type NumberReading, type Reading, type TimeReading } from "./reading.ts";

const number: NumberReading = { type: "number" };

describe("numbers", () => {
  test.each<[string, Cell, number | undefined, Partial<NumberReading>?]>([
    ["a number is itself", 41.5, 41.5],
    ["its text", " 41.5 ", 41.5],
    ["an exponent", "4.15e1", 41.5],
    ["infinity", "-Infinity", -Infinity],
    ["true is 1", true, 1],
    ["a large integer", 12n, 12],
    ["null", null, NaN],
    ["an empty cell", " ", NaN],
    ["pandas' word for missing", "<NA>", NaN],
    ["SQL's", "\\N", NaN],
    ["a dash", "-", NaN],
    ["Excel's error", "#DIV/0!", NaN],
    ["another word is no number", "many", undefined],
    ["digits with an underscore are none", "1_000", undefined],
    ["hexadecimal digits are none", "0x10", undefined],
    ["a mark that training did not have is not guessed at", "1,658", undefined],
    ["thousands", "1,658,000.25", 1658000.25, { thousands: "," }],
    ["thousands as in India", "12,34,567", 1234567, { thousands: "," }],
    ["a mark that does not stand between thousands", "16,58", undefined, { thousands: "," }],
    ["without marks", "1658.5", 1658.5, { thousands: "," }],
    ["a decimal comma", "36,5", 36.5, { decimal: "," }],
    ["one thousands point", "1.658", 1658, { decimal: ",", thousands: "." }],
    ["both", "-1.658,07", -1658.07, { decimal: ",", thousands: "." }],
    ["a number in a file of decimal commas is itself", 1.658, 1.658, { decimal: ",", thousands: "." }],
    ["narrow spaces", "1 234 567,5", 1234567.5, { decimal: ",", thousands: " " }],
    ["Swiss", "1’234.5", 1234.5, { thousands: "'" }],
    ["a currency", "-$1,200.50", -1200.5, { thousands: ",", affixes: ["$"] }],
    ["behind the number", "1.200,50 €", 1200.5, { thousands: ".", decimal: ",", affixes: ["€"] }],
    ["per cent keep their scale", "12.5 %", 12.5, { affixes: ["%"] }],
    ["another currency than training's", "£5", undefined, { affixes: ["$"] }],
    ["an accountant's minus", "(1,200)", -1200, { thousands: ",", parentheses: true }],
    ["a typographer's minus", "−5", -5],
    ["below a limit of detection", "<0.01", 0.01, { bounds: true }],
    ["a time of day", "14:05", 50_700, { clock: true }],
    ["after noon", "2:05 PM", 50_700, { clock: true }],
    ["a duration", "36:10:00.5", 130_200.5, { clock: true }],
    ["seconds", 50_700, 50_700, { clock: true }],
    ["no time of day", "14:75", undefined, { clock: true }],
    ["a number that stands for missing", "-999", NaN, { missing: ["-999"] }],
    ["it as a number", -999.0, NaN, { missing: ["-999"] }],
    ["words that are not the column's", "None", undefined, { missing: ["-999"] }],
  ])("%s", (_, cell, expected, more) => expect(readNumber(cell, { ...number, ...more })).toBe(expected));

  test("any finite number is read back from its text, in every notation", () => {
    const notation = fc.constantFrom<Partial<NumberReading>>({}, { decimal: "," }, { thousands: "," }, { thousands: ".", decimal: "," }, { thousands: " ", decimal: "," }, { affixes: ["EUR"], thousands: "'" });
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }), notation, (value, more) => {
        const [whole, fraction] = Math.abs(value).toFixed(3).split(".");
        const grouped = more.thousands ? whole.replaceAll(/\B(?=(\d{3})+$)/g, more.thousands) : whole;
        const sign = value < 0 && Number(value.toFixed(3)) !== 0 ? "-" : "";
        const text = `${sign}${grouped}${more.decimal ?? "."}${fraction}${more.affixes ? ` ${more.affixes[0]}` : ""}`;
        expect(readNumber(text, { ...number, ...more })).toBe(Number(`${sign}${whole}.${fraction}`));
      }),
    );
  });
});

const at = (text: string): number => Date.parse(text);

describe("times", () => {
  test.each<[string, Cell, number | undefined, Partial<TimeReading>?]>([
    ["a date", "2024-12-31", at("2024-12-31T00:00Z")],
    ["slashes", "2024/12/31 14:05", at("2024-12-31T14:05Z")],
    ["no zone is UTC", "2024-12-31T14:05:09", at("2024-12-31T14:05:09Z")],
    ["a zone", "2024-12-31T14:05:09+0530", at("2024-12-31T08:35:09Z")],
    ["a word for UTC", "2024-12-31 14:05:09 UTC", at("2024-12-31T14:05:09Z")],
    ["microseconds", "2024-12-31 14:05:09.123456", at("2024-12-31T14:05:09.123Z") + 0.456],
    ["the day first", "31/12/2024", at("2024-12-31T00:00Z")],
    ["which is the day is not guessed", "01/02/2024", undefined],
    ["but follows the column", "01/02/2024", at("2024-02-01T00:00Z"), { order: "dmy" }],
    ["either way", "01/02/2024", at("2024-01-02T00:00Z"), { order: "mdy" }],
    ["a day that the order does not have", "31/12/2024", undefined, { order: "mdy" }],
    ["two digits of the year", "12/31/24", at("2024-12-31T00:00Z"), { order: "mdy" }],
    ["with points", "31.12.2024 14:05", at("2024-12-31T14:05Z")],
    ["in words", "Dec 31, 2024", at("2024-12-31T00:00Z")],
    ["the day before the month", "31-Dec-2024 2:05 pm", at("2024-12-31T14:05Z")],
    ["as mail has it", "Tue, 31 Dec 2024 14:05:09 GMT", at("2024-12-31T14:05:09Z")],
    ["a month", "2024-12", at("2024-12-01T00:00Z")],
    ["a quarter", "1974Q1", at("1974-01-01T00:00Z")],
    ["its digits", "20241231", at("2024-12-31T00:00Z"), { unit: "yyyymmdd" }],
    ["its digits as a number", 20241231, at("2024-12-31T00:00Z"), { unit: "yyyymmdd" }],
    ["digits with a T", "20241231T1405", at("2024-12-31T14:05Z")],
    ["seconds", 1709253000, at("2024-03-01T00:30Z")],
    ["milliseconds", "1709253000000", at("2024-03-01T00:30Z")],
    ["microseconds as a number", 1709253000000000, at("2024-03-01T00:30Z")],
    ["nothing lands in 1970", 20241231, undefined],
    ["a year is no instant where the column has none", 2024, undefined],
    ["a year where it has", "2024", at("2024-01-01T00:00Z"), { unit: "year" }],
    ["Excel's days", 45657.5, at("2024-12-31T12:00Z"), { unit: "excel" }],
    ["a day that is none", "2023-02-29", undefined],
    ["an hour that is none", "2024-12-31 25:00", undefined],
    ["missing", "NaT", NaN],
    ["true is no time", true, undefined],
    ["ISO alone: a day", "2024-12-31", Date.UTC(2024, 11, 31), { iso: true }],
    ["ISO alone: basic", "20241231T140500Z", Date.UTC(2024, 11, 31, 14, 5), { iso: true }],
    ["ISO alone: a basic day", "20241231", Date.UTC(2024, 11, 31), { iso: true }],
    ["ISO alone: an offset and a fraction", "2024-12-31t14:05:00,250-01:30", Date.UTC(2024, 11, 31, 15, 35, 0, 250), { iso: true }],
    ["ISO alone: minutes, a blank, an offset of hours", "2024-12-31 14:05 +02", Date.UTC(2024, 11, 31, 12, 5), { iso: true }],
    ["ISO alone: none", "NaT", NaN, { iso: true }],
    ["ISO alone: no day", "2024-12", undefined, { iso: true }],
    ["ISO alone: no year alone", "2024", undefined, { iso: true }],
    ["ISO alone: no other order", "31/12/2024", undefined, { iso: true }],
    ["ISO alone: no words", "31 Dec 2024", undefined, { iso: true }],
    ["ISO alone: no hour of twelve", "2024-12-31 02:05 PM", undefined, { iso: true }],
    ["ISO alone: no number", 1_735_600_000, undefined, { iso: true }],
    ["words are none", "now", undefined],
  ])("%s", (_, cell, expected, more) => expect(readTime(cell, { type: "timestamp", ...more })).toBe(expected));
});

describe("categories", () => {
  test.each<[string, Cell, string, Partial<Reading>?, string[]?]>([
    ["a text, trimmed", " west ", "west"],
    ["NA of Namibia", "NA", "NA"],
    ["unless it is said", "NA", "", { missing: ["NA"] }],
    ["a missing value", NaN, ""],
    ["true", true, "true"],
    ["True where the column holds truth values", "True", "true", { boolean: true }],
    ["1 there", 1, "true", { boolean: true }],
    ["0.0 there", "0.0", "false", { boolean: true }],
    ["another text there", "maybe", "maybe", { boolean: true }],
    ["a number for its text", 7, "7", {}, ["7", "8"]],
    ["written otherwise", "7.0", "7", {}, ["7", "8"]],
    ["unless both are known", "7.0", "7.0", {}, ["7", "7.0"]],
    ["a number that two known ones are", 7.5, "7.5", {}, ["7.50", "7.500"]],
    ["a code is not its number", "101", "101", {}, ["0101"]],
    ["nor the number the code", "0101", "0101", {}, ["101"]],
    ["true among yes and no", true, "yes", {}, ["no", "yes"]],
    ["1 among T and F", 1, "T", {}, ["F", "T"]],
    ["true among 0 and 1", true, "1", {}, ["0", "1"]],
    ["true among more", true, "True", {}, ["True", "False", "unknown"]],
    ["1 among more is not truth", 1, "1", {}, ["True", "False", "unknown"]],
    ["yes among no truth values", "yes", "yes", {}, ["west", "true"]],
  ])("%s", (_, cell, expected, more, known) =>
    expect(readCategory(cell, { type: "category", ...more } as never, known && new KnownCategories(known))).toBe(expected));
});

test("what a column takes is said with an example", () => {
  expect(describeReading({ type: "number", thousands: ".", decimal: ",", affixes: ["€"] })).toBe('numbers with "." between thousands and a decimal comma (1.234,5), with or without "€"');
  expect(describeReading({ type: "timestamp", order: "dmy" })).toMatch(/31\/12\/2024/);
  expect(describeReading({ type: "category", boolean: true })).toBe("true or false");
});
