import { timeOfText } from "../../values/time-text.ts";
import { isMissing, usualMissing, type TimeReading, type TimeUnit } from "../../values/reading.ts";
import { cellsSuchAs, type CountedText, type DateWriting, type Decision, type Remark, type SurveyedColumn } from "./decision.ts";

/** At least this share of the cells that are there must be points in time for a column of them. */
const leastShare = 0.9;
const mostOddWords = 20;

/** How a column of texts is a column of points in time; undefined where it is none. */
export function decideTimeTexts(column: SurveyedColumn, texts: readonly CountedText[], missing: readonly string[] | undefined, given: DateWriting | undefined): Decision | undefined {
  const { survey, name, lineOf } = column;
  if (survey.numbers > 0) return undefined;
  const base: TimeReading = { type: "timestamp", ...(missing && { missing }), ...orderOf(given) };
  const present = texts.filter(({ text }) => !isMissing(text, base));
  const cells = present.reduce((sum, { count }) => sum + count, 0);
  if (present.length === 0 || cells === 0) return undefined;
  const fitting = (reading: TimeReading) => present.filter(({ text }) => timeOfText(text, reading) !== undefined);
  const counted = (fit: readonly CountedText[]): number => fit.reduce((sum, { count }) => sum + count, 0);
  let reading = base;
  let ambiguous: string | undefined;
  if (given === undefined) {
    const orders: TimeReading[] = [{ ...base, order: "dmy" }, { ...base, order: "mdy" }];
    const plain = counted(fitting(base));
    const [dmy, mdy] = orders.map((order) => counted(fitting(order)));
    if (Math.max(dmy, mdy) > plain || (plain > 0 && present.some(({ text }) => /^\d{1,2}[-/.]\d{1,2}[-/.]\d/.test(text)))) {
      const dayFirst = dmy !== mdy ? dmy > mdy : ascending(present, orders[0]) >= ascending(present, orders[1]);
      reading = orders[dayFirst ? 0 : 1];
      if (dmy === mdy) ambiguous = present.find(({ text }) => timeOfText(text, base) === undefined)?.text;
    }
  }
  const fit = fitting(reading);
  if (counted(fit) < leastShare * cells) return undefined;
  const odd = present.filter((one) => !fit.includes(one));
  const remarks: Remark[] = [];
  if (odd.length > 0) {
    if (odd.length > mostOddWords) return undefined;
    // Words that nobody reads as a time are missing here, and everywhere else where the column is read.
    reading = { ...reading, missing: [...(missing ?? usualMissing), ...odd.map(({ text }) => text)] };
    remarks.push({
      column: name,
      message: `${name} holds points in time but for ${cellsSuchAs(odd, lineOf)}, which are read as missing`,
      setting: { name: "missing", value: odd.map(({ text }) => text) },
    });
  }
  const example = fit[0].text;
  if (reading.order !== undefined) {
    const [first, other] = reading.order === "dmy" ? ["day", "month"] : ["month", "day"];
    const shown = ambiguous ?? example;
    remarks.push({
      column: name,
      message:
        ambiguous === undefined
          ? `${name} is read as points in time with the ${first} first: ${shown} is ${iso(timeOfText(shown, reading)!)}`
          : `${name} could have the day or the month first, since no value says which; it is read with the ${first} before the ${other}: ${shown} is ${iso(timeOfText(shown, reading)!)}`,
      setting: { name: "dates", value: reading.order },
    });
  }
  return { reading, stored: storedOf(fit, reading), remarks };
}

const orderOf = (given: DateWriting | undefined): Partial<TimeReading> => (given === "dmy" || given === "mdy" ? { order: given } : given === undefined || given === "ymd" ? {} : { unit: given });

const iso = (time: number): string => new Date(time).toISOString().replace(/T00:00:00\.000Z$/, "").replace(/\.000Z$/, "Z");

/** Dates alone where every instant is a midnight, as pandas writes a column of midnights without their times. */
const storedOf = (fit: readonly CountedText[], reading: TimeReading): "DATE" | "TIMESTAMP" =>
  fit.every(({ text }) => timeOfText(text, reading)! % 86_400_000 === 0) ? "DATE" : "TIMESTAMP";

/** Share of neighbours in order of first appearance that go forward in time. */
function ascending(texts: readonly CountedText[], reading: TimeReading): number {
  let [before, forward] = [NaN, 0];
  for (const { text } of texts) {
    const time = timeOfText(text, reading);
    if (time === undefined) continue;
    if (time >= before) forward++;
    before = time;
  }
  return forward;
}

const timeName = /(^|[_\W\d])(date|datum|day|dt|time|timestamp|ts|epoch|created|updated|when|at)([_\W\d]|$)|[a-z](Date|Time|At)$/i;
const monthName = /(^|[_\W])(month|yearmonth|ym|yyyymm|period|date|datum)([_\W]|$)/i;
const secondsMs = [631_152_000_000, 4_102_444_800_000] as const;

/** How a column of whole numbers counts or writes points in time; undefined where it holds plain numbers. Missing words may stand among them. */
export function decideTimeNumbers({ name, survey, epochs }: SurveyedColumn, missing: readonly string[] | undefined): Decision | undefined {
  const { numbers, integers, min, max } = survey;
  if (numbers === 0) return undefined;
  const decided = (unit: TimeUnit, what: string, stored: "DATE" | "TIMESTAMP"): Decision => ({
    reading: { type: "timestamp", unit, ...(missing && { missing }) },
    stored,
    remarks: [{ column: name, message: `${name} is read as points in time: ${what}`, setting: { name: "dates", value: unit } }],
  });
  if (survey.dateDigits && max > min) return decided("yyyymmdd", `every number is the digits of a date, as ${min} of ${iso(timeOfText(String(min), { unit: "yyyymmdd" })!)}`, "DATE");
  if (survey.monthDigits && max > min && monthName.test(name)) return decided("yyyymm", `every number is the digits of a month, as ${min}`, "DATE");
  const named = timeName.test(name);
  if (!named && !epochs) return undefined;
  for (const [unit, perMs] of [["s", 1e-3], ["ms", 1], ["us", 1e3], ["ns", 1e6]] as const) {
    if (!named && unit === "s") continue;
    if (min / perMs >= secondsMs[0] && max / perMs < secondsMs[1] && (integers === numbers || unit === "s")) {
      return decided(unit, `its numbers are ${unit === "s" ? "" : { ms: "milli", us: "micro", ns: "nano" }[unit]}seconds since 1970 (${min} is ${iso(Math.floor(min / perMs))})`, "TIMESTAMP");
    }
  }
  // Days of Excel's calendar from 1968 to 2064.
  if (min >= 25_000 && max <= 60_000 && /date|datum/i.test(name)) return decided("excel", `its numbers are days of Excel's calendar (${min} is ${iso(Date.UTC(1899, 11, 30) + min * 86_400_000)})`, integers === numbers ? "DATE" : "TIMESTAMP");
  return undefined;
}
