/**
 * A metric as it is stored: any double, kept exactly. Not every database keeps NaN and the infinities or sorts them alike, so what is
 * not finite is told by `kind` (0 finite, 1 and -1 the infinities, 2 NaN), and `value` then holds what sorts in the right place.
 */
export interface StoredValue {
  readonly value: number;
  readonly kind: number;
}

export function storedValue(number: number): StoredValue {
  if (Number.isNaN(number)) return { value: 0, kind: 2 };
  if (Number.isFinite(number)) return { value: number, kind: 0 };
  return { value: Math.sign(number) * Number.MAX_VALUE, kind: Math.sign(number) };
}

export function numberOf({ value, kind }: StoredValue): number {
  return kind === 0 ? value : kind === 2 ? Number.NaN : kind * Number.POSITIVE_INFINITY;
}

/** A number as JSON can say it, which has no NaN and no infinities: those are told as text, which `Number(…)` reads. */
export type SayableNumber = number | "NaN" | "Infinity" | "-Infinity";

export const sayableNumber = (value: number): SayableNumber => (Number.isFinite(value) ? value : (String(value) as SayableNumber));
