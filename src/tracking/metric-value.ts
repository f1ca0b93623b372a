import { sql, type Expression, type SqlBool } from "kysely";

/**
 * A metric as it is stored: any double, kept exactly. Not every database keeps NaN, the infinities and the sign of zero, or sorts them alike, so
 * these are told by `kind` (0 finite, 1 and -1 the infinities, 2 NaN, -2 the negative zero), and `value` then holds what sorts in the right place.
 */
export interface StoredValue {
  readonly value: number;
  readonly kind: number;
}

export function storedValue(number: number): StoredValue {
  if (Number.isNaN(number)) return { value: 0, kind: 2 };
  if (Object.is(number, -0)) return { value: 0, kind: -2 };
  if (Number.isFinite(number)) return { value: number, kind: 0 };
  return { value: Math.sign(number) * Number.MAX_VALUE, kind: Math.sign(number) };
}

export function numberOf({ value, kind }: StoredValue): number {
  if (kind === 0) return value;
  if (kind === -2) return -0;
  return kind === 2 ? Number.NaN : kind * Number.POSITIVE_INFINITY;
}

/** Whether a kind is of a finite number. */
export const isFiniteKind = (kind: number): boolean => kind === 0 || kind === -2;

/** The same of the column `kind`, in SQL. */
export const hasFiniteKind: Expression<SqlBool> = sql<SqlBool>`kind in (0, -2)`;

/** A number as JSON can say it, which has no NaN and no infinities: those are told as text, which `Number(…)` reads. */
export type SayableNumber = number | "NaN" | "Infinity" | "-Infinity";

export const sayableNumber = (value: number): SayableNumber => (Number.isFinite(value) ? value : (String(value) as SayableNumber));
