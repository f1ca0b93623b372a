/** A cell as JSON, delimited text, a tensor or a typed file hands it over. Text that is not UTF-8 never gets this far. */
export type Cell = string | number | bigint | boolean | null | undefined;

/**
 * How the cells of one column become values. Decided once, over the whole column, when a table is read; kept in the dataset's manifest and carried in
 * the signature of every model that was trained on it, so that files, requests, labels and feedback mean the same by the same text. Plain JSON.
 */
export type Reading = NumberReading | CategoryReading | TimeReading;

interface Missing {
  /**
   * Words that stand for a missing value besides the empty cell, after trimming. Absent: the usual ones (`usualMissing`) in numbers and times, none in
   * categories, where `NA` may be Namibia. Numbers and times compare them in any case, categories to the letter.
   */
  readonly missing?: readonly string[];
}

export interface NumberReading extends Missing {
  readonly type: "number";
  /** Mark of decimals where it is not a point. */
  readonly decimal?: ",";
  /** Mark between groups of thousands; absent where none was seen, so that `1,658` is refused instead of guessed. */
  readonly thousands?: "," | "." | " " | "'";
  /** Signs that stand before or after the number and say nothing more: `$`, `EUR`, `%`. The number keeps its scale: `12 %` is 12. */
  readonly affixes?: readonly string[];
  /** `(1,200)` is −1200, as accountants write. */
  readonly parentheses?: true;
  /** `<0.01`, `>100` and `80+` are their bounds. */
  readonly bounds?: true;
  /** A time of day or a duration (`14:05`, `2:05:30.5`, `2:05 PM`) is its seconds. */
  readonly clock?: true;
}

export interface CategoryReading extends Missing {
  readonly type: "category";
  /** Truth values: whatever spells one is `true` or `false`. */
  readonly boolean?: true;
}

export interface TimeReading extends Missing {
  readonly type: "timestamp";
  /** Which of `01/02/2024` is the day, where the column does not begin with the year. */
  readonly order?: "dmy" | "mdy";
  /** What a bare number counts: seconds, milli-, micro- or nanoseconds since 1970, days of Excel's calendar, the digits of a date, or a year. */
  readonly unit?: TimeUnit;
  /** Nothing but texts of ISO 8601 with a day at least: no other order, no words, no numbers. */
  readonly iso?: true;
}

export type TimeUnit = "s" | "ms" | "us" | "ns" | "excel" | "yyyymmdd" | "yyyymm" | "year";

/** What numbers and times take for missing unless told otherwise, in any case: the words of pandas, R, SQL, Excel and C. */
export const usualMissing: readonly string[] = [
  "?", "na", "n/a", "n.a.", "<na>", "nan", "-nan", "nat", "null", "(null)", "<null>", "none", "nil", "\\n", "#n/a", "#n/a n/a", "#na", "#null!", "#value!", "#ref!", "#div/0!",
  "#num!", "#name?", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "-", "--", "---", "–", "—", ".", "..", "...", "missing",
];

const usual: ReadonlySet<string> = new Set(usualMissing);
const sets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Whether a trimmed text stands for a missing value. */
export function isMissing(text: string, { type, missing }: Reading): boolean {
  if (text === "") return true;
  if (type === "category") return missing?.includes(text) ?? false;
  if (missing === undefined) return usual.has(text.toLowerCase());
  let words = sets.get(missing);
  if (!words) sets.set(missing, (words = new Set(missing.map((word) => word.trim().toLowerCase()))));
  return words.has(text.toLowerCase());
}

/** What a column takes, for the sentence that refuses something else: `numbers with "." between thousands and a decimal comma (1.234,5)`. */
export function describeReading(reading: Reading): string {
  if (reading.type === "number") return describeNumbers(reading);
  if (reading.type === "category") return reading.boolean ? "true or false" : "text";
  if (reading.iso) return "dates and times of ISO 8601 (2024-12-31, 2024-12-31T14:05:00Z, 2024-12-31 14:05:00.25+01:00)";
  if (reading.unit !== undefined) return `${unitNames[reading.unit]}, or ISO dates (2024-12-31, 2024-12-31T14:05:00Z)`;
  if (reading.order !== undefined) return `dates such as ${reading.order === "dmy" ? "31/12/2024" : "12/31/2024"}, or ISO dates (2024-12-31, 2024-12-31T14:05:00Z)`;
  return "ISO dates (2024-12-31, 2024-12-31T14:05:00Z)";
}

const unitNames: Readonly<Record<TimeUnit, string>> = {
  s: "seconds since 1970",
  ms: "milliseconds since 1970",
  us: "microseconds since 1970",
  ns: "nanoseconds since 1970",
  excel: "days of Excel's calendar (45657 is 2024-12-31)",
  yyyymmdd: "dates as 20241231",
  yyyymm: "months as 202412",
  year: "years as 2024",
};

function describeNumbers({ decimal, thousands, affixes, clock }: NumberReading): string {
  if (clock) return "times of day or durations (14:05, 2:05:30), or their seconds";
  const example = `1${thousands ?? ""}234${decimal ?? "."}5`;
  const marks = [...(thousands === undefined ? [] : [`${JSON.stringify(thousands)} between thousands`]), ...(decimal === undefined ? [] : ["a decimal comma"])];
  const signs = affixes === undefined ? "" : `, with or without ${affixes.map((one) => JSON.stringify(one)).join(" or ")}`;
  return `numbers${marks.length > 0 ? ` with ${marks.join(" and ")} (${example})` : ""}${signs}`;
}
