import { numberOfText } from "../../values/number-text.ts";
import { isMissing, usualMissing, type CategoryReading, type NumberReading } from "../../values/reading.ts";
import type { StoredType } from "../types.ts";
import { decideTimeNumbers, decideTimeTexts } from "./decide-time.ts";
import { cellsSuchAs, countedTexts, type CountedText, type Decision, type ReadingChoices, type Remark, type SurveyedColumn } from "./decision.ts";
import { certainComma, findNotation, type FileMarks } from "./number-notation.ts";

/** At most this share of the cells of a column of numbers may be words that are not usual for missing. */
const mostOdd = 0.1;
const mostOddWords = 20;

/** What the texts of all columns together say of the marks of the file. */
export function marksOfFile(columns: readonly SurveyedColumn[]): FileMarks {
  const certain = columns.some(({ survey }) => {
    const { size } = survey.texts;
    if (size === 0) return false;
    const texts = countedTexts(survey).filter(({ text }) => !isMissing(text, { type: "number" }));
    const commas = texts.filter(({ text }) => certainComma(text)).length;
    return commas > 0 && commas >= texts.length * 0.5;
  });
  const point = columns.some(({ survey }) => survey.numbers - survey.integers > survey.grouped && survey.texts.size === 0);
  return { decimalComma: certain && !point };
}

const byColumn = <T>(choice: Readonly<Record<string, T>> | undefined, name: string): T | undefined => (choice && Object.hasOwn(choice, name) ? choice[name] : undefined);

/** What was chosen for a column, by its name or for all. */
const chosen = <T extends string>(choice: T | Readonly<Record<string, T>> | undefined, name: string): T | undefined => (typeof choice === "object" ? byColumn(choice, name) : choice);

const chosenWords = (choice: ReadingChoices["missing"], name: string): readonly string[] | undefined => (isList(choice) ? choice : byColumn(choice, name));

const isList = (choice: ReadingChoices["missing"]): choice is readonly string[] => Array.isArray(choice);

/** Decides what a column is, by all of its cells and what the caller chose. */
export function decideColumn(column: SurveyedColumn, marks: FileMarks, choices: ReadingChoices): Decision {
  const { name, survey, typed } = column;
  const missing = chosenWords(choices.missing, name);
  const type = byColumn(choices.types, name);
  const written = byColumn(choices.dates, name);
  const dates = typeof written === "string" ? written : undefined;
  const text = (): Decision => ({ reading: { type: "category", ...(missing && { missing }) }, stored: "VARCHAR", remarks: [] });
  if (type === "text") return text();
  if (typed === "timestamp" || typed === "date") return { reading: { type: "timestamp", ...(missing && { missing }) }, stored: typed === "date" ? "DATE" : "TIMESTAMP", remarks: [] };
  if (typed === "boolean" && type === undefined) return { reading: { type: "category", boolean: true, ...(missing && { missing }) }, stored: "BOOLEAN", remarks: [] };
  const texts = countedTexts(survey);
  if (type === "boolean") return { reading: { type: "category", boolean: true, ...(missing && { missing }) }, stored: "BOOLEAN", remarks: [] };
  if (type === "date" || dates !== undefined) return chosenTime(column, texts, missing, dates);
  if (survey.numbers === 0 && texts.length === 0) return text();
  const decided = type === undefined ? (decideTruth(column, texts, missing) ?? decideTimes(column, texts, missing)) : undefined;
  if (decided) return decided;
  const given: Partial<NumberReading> = { ...marksGiven(chosen(choices.decimal, name), chosen(choices.thousands, name)) };
  return decideNumber(column, texts, marks, given, missing, type === "number") ?? textDecision(column, texts, missing);
}

function marksGiven(decimal: string | undefined, thousands: string | undefined): Partial<NumberReading> {
  return { ...(decimal === "," && { decimal }), ...(thousands !== undefined && thousands !== "" && { thousands: thousands as never }) };
}

function chosenTime(column: SurveyedColumn, texts: readonly CountedText[], missing: readonly string[] | undefined, dates: Parameters<typeof decideTimeTexts>[3]): Decision {
  const decided = (dates === undefined ? decideTimeNumbers(column, missing) : undefined) ?? (column.survey.numbers === 0 ? decideTimeTexts(column, texts, missing, dates) : undefined);
  if (decided) return { ...decided, remarks: [] };
  const unit = dates === undefined || dates === "dmy" || dates === "mdy" || dates === "ymd" ? undefined : dates;
  const order = dates === "dmy" || dates === "mdy" ? dates : undefined;
  return { reading: { type: "timestamp", ...(missing && { missing }), ...(unit && { unit }), ...(order && { order }) }, stored: "TIMESTAMP", remarks: [] };
}

/** `true` and `false` in any case, and words for missing. Yes and no, T and F stay the words that they are. */
function decideTruth({ name, survey, lineOf }: SurveyedColumn, texts: readonly CountedText[], missing: readonly string[] | undefined): Decision | undefined {
  if (survey.numbers > 0) return undefined;
  const isWord = ({ text }: CountedText): boolean => /^(true|false)$/i.test(text);
  if (!texts.some(isWord)) return undefined;
  const odd = texts.filter((one) => !isWord(one));
  const words = odd.map(({ text }) => text);
  if (odd.some(({ text }) => (missing === undefined ? !isMissing(text, { type: "number" }) : !missing.includes(text)))) return undefined;
  const reading: CategoryReading = { type: "category", boolean: true, ...(missing ? { missing } : words.length > 0 ? { missing: words } : {}) };
  const remarks: Remark[] =
    words.length > 0 && missing === undefined ? [{ column: name, message: `${name} holds true and false but for ${cellsSuchAs(odd, lineOf)}, which are read as missing`, setting: { name: "missing", value: words } }] : [];
  return { reading, stored: "BOOLEAN", remarks };
}

function decideTimes(column: SurveyedColumn, texts: readonly CountedText[], missing: readonly string[] | undefined): Decision | undefined {
  const { survey } = column;
  const onlyMissing = texts.every(({ text }) => isMissing(text, { type: "number", ...(missing && { missing }) }));
  if (survey.numbers > 0) return onlyMissing && survey.codes === 0 ? decideTimeNumbers(column, missing) : undefined;
  return decideTimeTexts(column, texts, missing, undefined);
}

function decideNumber(
  { name, survey, lineOf }: SurveyedColumn,
  texts: readonly CountedText[],
  marks: FileMarks,
  given: Partial<NumberReading>,
  missing: readonly string[] | undefined,
  asked: boolean,
): Decision | undefined {
  const cells = survey.rows - survey.empty;
  if (!asked && (survey.codes > 0 || survey.large > 0)) return undefined;
  const notation = texts.length === 0 && !(marks.decimalComma && survey.grouped > 0) ? ({ type: "number", ...given } as NumberReading) : findNotation(survey, texts, marks, given);
  if (!notation) return undefined;
  let reading: NumberReading = { ...notation, ...(missing && { missing }) };
  // A point before three digits in a file of decimal commas stands between thousands: 1.658 there is 1658.
  if (marks.decimalComma && survey.grouped > 0 && survey.grouped === survey.numbers - survey.integers && reading.decimal === undefined && reading.thousands === undefined) {
    reading = { ...reading, decimal: ",", thousands: "." };
  }
  const odd: CountedText[] = [];
  const words: CountedText[] = [];
  let read = 0;
  let fractions = reading.thousands === "." ? 0 : survey.numbers - survey.integers;
  let largest = survey.numbers === 0 ? 0 : Math.max(Math.abs(survey.min), Math.abs(survey.max));
  for (const one of texts) {
    const value = isMissing(one.text, reading) ? NaN : numberOfText(one.text, reading);
    if (value === undefined) odd.push(one);
    else if (Number.isNaN(value)) words.push(one);
    else {
      read += one.count;
      // As text, an integer is one without decimals.
      if (!Number.isInteger(value) || hasDecimals(one.text, reading)) fractions++;
      largest = Math.max(largest, Math.abs(value));
    }
  }
  const oddCells = odd.reduce((sum, { count }) => sum + count, 0);
  if (!asked) {
    if (survey.numbers + read === 0) return undefined;
    if (oddCells > mostOdd * cells || odd.length > mostOddWords || (odd.length > 0 && survey.numbers + read < 10)) return undefined;
  }
  const remarks: Remark[] = [];
  const set = (nameOf: NonNullable<Remark["setting"]>["name"], value: unknown) => ({ name: nameOf, value });
  if (odd.length > 0) {
    reading = { ...reading, missing: [...(missing ?? usualMissing), ...odd.map(({ text }) => text)] };
    remarks.push({ column: name, message: `${name} holds numbers but for ${cellsSuchAs(odd, lineOf)}, which are read as missing`, setting: set("missing", odd.map(({ text }) => text)) });
  } else if (words.length > 0 && missing === undefined) {
    remarks.push({ column: name, message: `${name} holds numbers but for ${cellsSuchAs(words, lineOf)}, which are read as missing` });
  }
  const first = texts.find(({ text }) => !isMissing(text, reading) && numberOfText(text, reading) !== undefined)?.text;
  if (reading.thousands !== undefined || reading.affixes || reading.parentheses || reading.bounds || reading.clock) {
    const example = first ?? (reading.thousands === "." ? `${survey.min}` : undefined);
    const value = example === undefined ? undefined : numberOfText(example, reading);
    remarks.push({
      column: name,
      message: `${name} is read as numbers${reading.clock ? " of seconds" : ""}${example === undefined ? "" : `: ${example} is ${value}`}`,
      ...(reading.thousands !== undefined && { setting: set("thousands", reading.thousands) }),
    });
  }
  const stored: StoredType = fractions === 0 && largest <= Number.MAX_SAFE_INTEGER && survey.integers + read + survey.grouped > 0 ? "BIGINT" : "DOUBLE";
  return { reading, stored, remarks };
}

const hasDecimals = (text: string, { decimal }: NumberReading): boolean => (decimal === "," ? /,\d/ : /\.\d/).test(text) || /\de[+-]?\d/i.test(text);

/** A column of texts; in a target, a word for missing that hardly ever comes is missing, a frequent one a class. */
function textDecision({ name, survey, lineOf, target }: SurveyedColumn, texts: readonly CountedText[], missing: readonly string[] | undefined): Decision {
  const remarks: Remark[] = [];
  const cells = survey.rows - survey.empty;
  const words = missing === undefined ? texts.filter(({ text }) => isMissing(text, { type: "number" })) : [];
  let reading: CategoryReading = { type: "category", ...(missing && { missing }) };
  if (words.length > 0) {
    const count = words.reduce((sum, word) => sum + word.count, 0);
    const classes = texts.filter((one) => !words.includes(one));
    const smallest = classes.reduce((least, one) => Math.min(least, one.count), Infinity);
    const rare = target && count <= 0.02 * cells && count < smallest / 2;
    const listed = words.map(({ text }) => text);
    if (rare) reading = { ...reading, missing: listed };
    remarks.push({
      column: name,
      message: rare
        ? `${name}, which is to be predicted, has ${cellsSuchAs(words, lineOf)}, which are read as missing, not as a class`
        : `${name} holds texts, ${cellsSuchAs(words, lineOf)} among them, which are kept as ${target ? "a class" : "a category"}; \`data.missing\` makes them missing`,
      ...(rare && { setting: { name: "missing" as const, value: listed } }),
    });
  }
  if (survey.large > 0 && texts.length === 0) remarks.push({ column: name, message: `${name} holds integers beyond 2^53, which no number here holds exactly; they are read as texts` });
  else if (survey.codes > 0) remarks.push({ column: name, message: `${name} holds codes (digits after a zero or a plus); they are read as texts`, setting: { name: "types", value: "text" } });
  else if (survey.numbers > 0 && survey.numbers >= 0.5 * cells) {
    const odd = texts.filter((one) => !words.includes(one));
    if (odd.length > 0) {
      remarks.push({
        column: name,
        message: `${name} holds numbers in ${survey.numbers} of ${cells} cells, but also ${cellsSuchAs(odd, lineOf)}; it is read as texts. \`data.types: {${name}: number}\` reads numbers and takes the others as missing`,
        setting: { name: "types", value: "text" },
      });
    }
  }
  return { reading, stored: "VARCHAR", remarks };
}
