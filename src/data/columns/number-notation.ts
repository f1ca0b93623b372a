import { numberOfText } from "../../values/number-text.ts";
import { isMissing, type NumberReading } from "../../values/reading.ts";
import type { CountedText } from "./decision.ts";
import type { SurveyColumn } from "./survey-column.ts";

/** Marks that the file as a whole shows to be its own. */
export interface FileMarks {
  /** Some column can only be read with a decimal comma, and none only with a decimal point. */
  readonly decimalComma: boolean;
}

const currency = String.raw`[$€£¥₹₩₽₺₫₪₴฿]|US\$|C\$|A\$|R\$|USD|EUR|GBP|CHF|JPY|CNY|INR|CAD|AUD|SEK|NOK|DKK|PLN|CZK|kr|zł|Kč`;
const before = new RegExp(String.raw`^[+\-−(]?\s*(${currency})\s*[+\-−]?\s*[\d.,(]`);
const behind = new RegExp(String.raw`[\d.,)]\s*(%|‰|${currency})\s*\)?$`);

/** The one sign that stands before or after numbers of a column; undefined for none, null where there are several. */
function affixOf(texts: readonly CountedText[]): string | undefined | null {
  const found = new Set<string>();
  for (const { text } of texts) {
    const affix = before.exec(text)?.[1] ?? behind.exec(text)?.[1];
    if (affix !== undefined) found.add(affix);
  }
  return found.size > 1 ? null : [...found][0];
}

/** A text that can only be a number with a decimal comma: what stands behind its one comma is no group of three. */
export const certainComma = (text: string): boolean => /^[+\-−]?(\d*,(\d{1,2}|\d{4,})|\d{4,},\d{3}|0,\d+)$/.test(text) || /^[+\-−]?\d{1,3}([. ]\d{3})+,\d+$/.test(text);

/**
 * How the texts of a column are written, if they are numbers: the notation that the most cells fit, of those that the texts suggest. `marks` settles what
 * a single mark before three digits is. Undefined where signs of several kinds stand among them, which would be added up as one.
 */
export function findNotation(survey: SurveyColumn, texts: readonly CountedText[], marks: FileMarks, given: Partial<NumberReading>): NumberReading | undefined {
  const present = texts.filter(({ text }) => !isMissing(text, { type: "number" }));
  const affix = affixOf(present);
  if (affix === null) return undefined;
  const has = (pattern: RegExp): boolean => present.some(({ text }) => pattern.test(text));
  const base: NumberReading = {
    type: "number",
    ...(affix !== undefined && { affixes: [affix] }),
    ...(has(/^\(.*\d.*\)$/) && { parentheses: true }),
    ...(has(/^[<>≤≥]=?\s*[\d.,]|\d\s*\+$/) && { bounds: true }),
    ...(has(/^-?\d{1,4}:\d{2}/) && { clock: true }),
    ...given,
  };
  const candidates = given.decimal !== undefined || given.thousands !== undefined ? [base] : separators(survey, present, marks).map((marksOf) => ({ ...base, ...marksOf }));
  let best: { reading: NumberReading; cells: number } | undefined;
  for (const reading of candidates) {
    let cells = 0;
    for (const { text, count } of present) if (numberOfText(text, reading) !== undefined) cells += count;
    if (!best || cells > best.cells) best = { reading, cells };
  }
  return best?.reading;
}

type Marks = Pick<NumberReading, "decimal" | "thousands">;

/** Which marks the texts may have, the likeliest first. */
function separators({ numbers, integers, grouped }: SurveyColumn, texts: readonly CountedText[], { decimalComma }: FileMarks): Marks[] {
  const some = (pattern: RegExp): boolean => texts.some(({ text }) => pattern.test(text));
  const space = some(/\d[ \u00a0\u2009\u202f]\d{3}(\D|$)/);
  const quote = some(/\d['’]\d{3}(\D|$)/);
  const comma = some(/\d,\d|^[^\d]*,\d/);
  const point = some(/\.\d/);
  const spaced: Marks = space ? { thousands: " " } : quote ? { thousands: "'" } : {};
  // Plain numbers with a point that is no thousands point leave no room for a decimal comma.
  const pointsGroup = numbers - integers === grouped;
  const found: Marks[] = [];
  const commas = (): void => {
    const manyCommas = some(/\d,\d{3},\d{3}/);
    const onlyGroups = texts.every(({ text }) => !/,/.test(text) || /(^|\D)\d{1,3}(,\d{2,3})*,\d{3}(\D|$)/.test(text));
    if (onlyGroups && (manyCommas || !decimalComma)) found.push({ thousands: "," });
    if (!manyCommas && numbers - integers === 0) found.push({ decimal: "," });
    if (!manyCommas && pointsGroup && grouped > 0) found.push({ decimal: ",", thousands: "." });
  };
  if (comma && point && !space && !quote) {
    // Of both, the one that comes last marks decimals.
    const pointLast = texts.some(({ text }) => /,\d{3}\.\d/.test(text));
    if (pointLast) found.push({ thousands: "," });
    else if (pointsGroup) found.push({ decimal: ",", thousands: "." });
    commas();
  } else if (comma && (space || quote)) found.push({ ...spaced, decimal: "," });
  else if (comma) commas();
  else if (point && some(/\d\.\d{3}\.\d{3}/) && pointsGroup) found.push({ decimal: ",", thousands: "." });
  found.push(spaced);
  return found;
}
