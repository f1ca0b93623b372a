import { ofSeveral } from "../label-match.ts";

/** One time that a row of a request was asked for: a retry is another attempt, unless the client gave both the same event time. */
export interface Attempt {
  /** Of the row's values, 64 bits in decimal; null in logs of before there were digests. */
  readonly digest: string | null;
  /** Milliseconds. */
  readonly eventTime: number;
  readonly receivedAt: number;
  /** No client got an answer of it. */
  readonly shadow: boolean;
}

/**
 * How attempts of the same row are ordered, in SQL: the first counts, the others are retries of it. Those that clients got an answer of come before those that
 * ran in the shadow alone.
 */
export const firstOf = "ORDER BY shadow, received_at, event_time";

const isBefore = (a: Attempt, b: Attempt): boolean =>
  a.shadow !== b.shadow ? b.shadow : a.receivedAt !== b.receivedAt ? a.receivedAt < b.receivedAt : a.eventTime < b.eventTime;

/**
 * The event time of the prediction that a label is of: its first attempt's. Of attempts with different rows only those can be meant that had happened when the
 * label arrived; `ofSeveral` where that leaves more than one row, or none.
 */
export function eventOf(attempts: readonly Attempt[], labelArrivedAt: number): number {
  const rowsOf = (some: readonly Attempt[]): number => new Set(some.filter(({ digest }) => digest !== null).map(({ digest }) => digest)).size;
  const meant = rowsOf(attempts) > 1 ? attempts.filter(({ eventTime }) => eventTime <= labelArrivedAt) : attempts;
  if (meant.length === 0 || rowsOf(meant) > 1) return ofSeveral;
  return meant.reduce((first, one) => (isBefore(one, first) ? one : first)).eventTime;
}
