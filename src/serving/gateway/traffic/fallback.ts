import { MillraceError } from "../../../errors.ts";

/** Why another variant answers than the one that was picked. */
export type FallbackReason = "failed" | "overloaded" | "late";

/** How an attempt ended. */
export interface Settled<T> {
  readonly value?: T;
  readonly error?: unknown;
}

/** The end of a promise, which then never rejects. */
export const settled = <T>(promise: Promise<T>): Promise<Settled<T>> =>
  promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );

/** What a promise resolves with, or undefined after `milliseconds`. */
export async function late<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, milliseconds, undefined)));
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the fallback should answer: after a 5xx or 429, or when there is no end yet. Requests that are wrong stay so. */
export function fallbackReason(ended: Settled<{ readonly error: unknown }> | undefined): FallbackReason | undefined {
  if (!ended) return "late";
  const error = ended.error ?? ended.value?.error;
  if (error === undefined) return undefined;
  if (!(error instanceof MillraceError) || error.status >= 500) return "failed";
  return error.status === 429 ? "overloaded" : undefined;
}
