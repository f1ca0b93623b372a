import type { TimeReading, TimeUnit } from "./reading.ts";

const dayMs = 86_400_000;
/** Excel's day 0 as its later days count: it believes that 1900 was a leap year. */
const excelZero = Date.UTC(1899, 11, 30);

const clockPattern = String.raw`(?:(?:\s*T\s*|\s+|,\s*)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\.?)?\s*(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?`;
const weekday = String.raw`(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?`;
const month = String.raw`(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`;
const full = (date: string): RegExp => new RegExp(`^${date}${clockPattern}$`, "i");

const yearFirst = full(String.raw`(\d{4})([-/.])(\d{1,2})\2(\d{1,2})`);
const yearLast = full(String.raw`(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})`);
const dayInWords = full(String.raw`${weekday}(\d{1,2})(?:st|nd|rd|th)?[\s-]+${month},?[\s-]+(\d{4}|\d{2})`);
const monthInWords = full(String.raw`${weekday}${month}\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})`);
const compact = /^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(?:(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const yearAndMonth = /^(\d{4})(?:[-/.]|m)(\d{1,2})$/i;
const monthAndYear = /^(\d{1,2})[-/.](\d{4})$/;
const namedMonth = new RegExp(String.raw`^${month}[\s-]+(\d{4})$`, "i");
const quarter = /^(?:(\d{4})[\s-]*q([1-4])|q([1-4])[\s-]*(\d{4}))$/i;

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
/** 1 to 12 of a month's English name, of which the first three letters tell; 0 of any other word. */
export const monthNumber = (name: string): number => months.indexOf(name.slice(0, 3).toLowerCase()) + 1;

/**
 * The instant that a trimmed text names, milliseconds since 1970-01-01 UTC (fractions are microseconds); undefined where it names none or could be two
 * days and `order` does not say which. Text without a zone is UTC, whatever the machine's zone; a month is its first day, a quarter too. Month and
 * weekday names are English. Years of two digits are 1969 to 2068, as POSIX has them.
 */
export function timeOfText(text: string, { order, unit }: Pick<TimeReading, "order" | "unit">): number | undefined {
  let match: RegExpExecArray | null;
  if ((match = yearFirst.exec(text))) return instant(match[1], match[3], match[4], match.slice(5));
  if ((match = yearLast.exec(text))) {
    const [day, mon] = dayAndMonth(Number(match[1]), match[2], Number(match[3]), order) ?? [];
    return day === undefined ? undefined : instant(match[4], mon, day, match.slice(5));
  }
  if ((match = dayInWords.exec(text))) return instant(match[3], monthNumber(match[2]), match[1], match.slice(4));
  if ((match = monthInWords.exec(text))) return instant(match[3], monthNumber(match[1]), match[2], match.slice(4));
  if ((match = quarter.exec(text))) return instant(match[1] ?? match[4], Number(match[2] ?? match[3]) * 3 - 2, 1, []);
  if ((match = yearAndMonth.exec(text))) return instant(match[1], match[2], 1, []);
  if ((match = monthAndYear.exec(text))) return instant(match[2], match[1], 1, []);
  if ((match = namedMonth.exec(text))) return instant(match[2], monthNumber(match[1]), 1, []);
  const digits = /^[+-]?\d+(\.\d+)?$/.test(text);
  if (digits && unit !== undefined && unit !== "yyyymmdd") return timeOfNumber(Number(text), unit);
  if ((match = compact.exec(text)) && (unit === "yyyymmdd" || !digits)) {
    const [hour, minute, second, fraction, zone] = match.slice(4);
    return instant(match[1], match[2], match[3], [hour, minute ?? "00", second, fraction, undefined, zone]);
  }
  return digits ? timeOfNumber(Number(text), unit) : undefined;
}

const isoClock = String.raw`\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?`;
const isoZone = String.raw`(?:Z|[+-]\d{2}(?::?\d{2})?)?`;
const isoForms = new RegExp(String.raw`^(?:\d{4}-\d{2}-\d{2}(?:[T ]${isoClock} ?${isoZone})?|\d{8}(?:T\d{4}(?:\d{2}(?:[.,]\d{1,9})?)?${isoZone})?)$`, "i");

/**
 * The instant of a date, or of a date and time, in ISO 8601 (extended or basic, a blank for the T as RFC 3339 has it); undefined for any other text, and for
 * weeks, days of the year and what leaves the day open. Text without a zone is UTC.
 */
export const timeOfIso = (text: string): number | undefined => (isoForms.test(text) ? timeOfText(text.toUpperCase(), { unit: "yyyymmdd" }) : undefined);

/** An instant as ISO 8601 with microseconds, in UTC and without saying so: `2024-12-31T14:05:00.250000`; years are 0001 to 9999. */
export function isoText(instant: number): string {
  const micros = Math.round((instant - Math.floor(instant)) * 1000);
  const date = new Date(Math.floor(instant) + (micros === 1000 ? 1 : 0));
  return `${date.toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, "0")}`;
}

/** Which of two numbers is the day: by the order, by the one that is no month, or by the points that only dates with the day first have. */
function dayAndMonth(one: number, mark: string, other: number, order: TimeReading["order"]): [day: number, month: number] | undefined {
  if (order === "dmy") return [one, other];
  if (order === "mdy") return [other, one];
  if (one > 12 || mark === ".") return [one, other];
  return other > 12 ? [other, one] : undefined;
}

type Part = string | number | undefined;

function instant(year: Part, mon: Part, day: Part, [hour = "0", minute = "0", second = "0", fraction = "", half, zone]: readonly (string | undefined)[]): number | undefined {
  let [h, y] = [Number(hour), Number(year)];
  if (String(year).length === 2) y += y >= 69 ? 1900 : 2000;
  const [m, d, min, s] = [Number(mon), Number(day), Number(minute), Number(second)];
  if (half !== undefined) {
    if (h < 1 || h > 12) return undefined;
    h = (h % 12) + (/^p/i.test(half) ? 12 : 0);
  }
  if (min > 59 || s > 59 || h > 24 || (h === 24 && min + s > 0)) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(y, m - 1, d);
  if (date.getUTCFullYear() !== y || date.getUTCMonth() !== m - 1 || date.getUTCDate() !== d) return undefined;
  const micros = fraction === "" ? 0 : Math.round(Number(`0.${fraction}`) * 1e6);
  const offset = offsetMinutes(zone);
  return offset === undefined ? undefined : date.getTime() + (h * 60 + min - offset) * 60_000 + s * 1000 + micros / 1000;
}

function offsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || /^[a-z]/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "");
  const [h, m] = [Number(digits.slice(0, 2)), Number(digits.slice(2) || "0")];
  if (h > 18 || m > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (h * 60 + m);
}

const perMs: Readonly<Record<"s" | "ms" | "us" | "ns", number>> = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 };
/** Counts of seconds, milli-, micro- and nanoseconds do not overlap between March 1973 and the year 5138. */
const byMagnitude = [["s", 1e8, 1e11], ["ms", 1e11, 1e14], ["us", 1e14, 1e17], ["ns", 1e17, 1e20]] as const;

/**
 * The instant that a number names, milliseconds since 1970. Without a unit it is told apart by its size whether it counts seconds, milli-, micro- or
 * nanoseconds; undefined for what would lie before March 1973, as a year, a day's number or a date's digits would.
 */
export function timeOfNumber(value: number, unit?: TimeUnit): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  switch (unit) {
    case undefined: {
      const found = byMagnitude.find(([, least, most]) => value >= least && value < most);
      return found && value / perMs[found[0]];
    }
    case "excel":
      return value > 0 && value < 2_958_466 ? excelZero + Math.round(value * dayMs) : undefined;
    case "yyyymmdd":
      return Number.isInteger(value) && value >= 1_000_0101 && value < 1e8 ? instant(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100, []) : undefined;
    case "yyyymm":
      return Number.isInteger(value) && value >= 100_001 && value < 1e6 ? instant(Math.floor(value / 100), value % 100, 1, []) : undefined;
    case "year":
      return Number.isInteger(value) && value >= 1 && value <= 9999 ? instant(String(value).padStart(4, "0"), 1, 1, []) : undefined;
    default:
      return value / perMs[unit];
  }
}
