import type { Cell } from "./reading.ts";

const truths: ReadonlyMap<string, boolean> = new Map([
  ...["true", "t", "yes", "y", "on", "1", "1.0"].map((word) => [word, true] as const),
  ...["false", "f", "no", "n", "off", "0", "0.0"].map((word) => [word, false] as const),
]);

/** The truth value that a trimmed text spells; undefined where it spells none. */
export const truthOf = (text: string): boolean | undefined => truths.get(text.toLowerCase());

const decimal = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** The one spelling of a number written in digits (`7.0` is `7`); undefined for codes (`007`, `+7`) and other texts. */
export function sameDigits(text: string): string | undefined {
  if (!decimal.test(text)) return undefined;
  const short = text.includes(".") ? text.replace(/\.?0+$/, "") : text;
  return short === "-0" ? "0" : short;
}

/** Texts for numbers and truth values that come as such. */
export const textOf = (cell: string | number | bigint | boolean): string => (typeof cell === "string" ? cell.trim() : String(cell));

/**
 * The categories (or classes) that are known of a column, to find the one that a cell means: the very text; else a number written otherwise (`7.0` for
 * `7`); else, where the known ones are the two truth values (or one), another spelling of truth (`True`, `1`, `yes`). Where two known ones would fit,
 * neither is meant.
 */
export class KnownCategories {
  readonly #exact: ReadonlySet<string>;
  /** Undefined where several categories are one number. */
  readonly #byNumber = new Map<string, string | undefined>();
  readonly #byTruth = new Map<boolean, string | undefined>();
  readonly #words = new Map<boolean, string | undefined>();

  constructor(values: Iterable<string>) {
    this.#exact = new Set(values);
    const put = <K>(map: Map<K, string | undefined>, key: K, value: string): void => void map.set(key, map.has(key) ? undefined : value);
    for (const value of this.#exact) {
      const digits = sameDigits(value);
      if (digits !== undefined) put(this.#byNumber, digits, value);
      const truth = truthOf(value);
      if (truth !== undefined) put(this.#byTruth, truth, value);
      if (truth !== undefined && value.toLowerCase() === String(truth)) put(this.#words, truth, value);
    }
    const isTruth = this.#exact.size <= 2 && [...this.#exact].every((value) => truthOf(value) !== undefined) && ![...this.#byTruth.values()].includes(undefined);
    if (!isTruth) this.#byTruth.clear();
  }

  get size(): number {
    return this.#exact.size;
  }

  has(value: string): boolean {
    return this.#exact.has(value);
  }

  values(): readonly string[] {
    return [...this.#exact];
  }

  /** The known category that a cell means; undefined where none is meant. */
  find(cell: Exclude<Cell, null | undefined>): string | undefined {
    const text = textOf(cell);
    if (this.#exact.has(text)) return text;
    const digits = sameDigits(text);
    if (digits !== undefined && this.#byNumber.has(digits)) return this.#byNumber.get(digits);
    const truth = typeof cell === "boolean" ? cell : truthOf(text);
    if (truth === undefined) return undefined;
    return this.#byTruth.get(truth) ?? (text.toLowerCase() === String(truth) ? this.#words.get(truth) : undefined);
  }
}
