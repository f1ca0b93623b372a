import { invalidParameter } from "./mlflow-error.ts";

/** Where a page begins, as MLflow writes it: base64 of `{"offset": N}`. Clients hand it back unread. */
export const pageToken = (offset: number): string => Buffer.from(JSON.stringify({ offset })).toString("base64");

/** The offset a token stands for; 0 without one. */
export function offsetOf(token: string | undefined): number {
  if (token === undefined || token === "") return 0;
  let offset: unknown;
  try {
    offset = (JSON.parse(Buffer.from(token, "base64").toString("utf8")) as { offset?: unknown } | null)?.offset;
  } catch {
    throw invalidParameter("Invalid page token, could not base64-decode");
  }
  const number = Number(offset);
  if (!Number.isSafeInteger(number) || number < 0) throw invalidParameter(`Invalid page token, parsed value=${JSON.stringify(offset)}`);
  return number;
}

/** Cuts what was read with a limit of one more than asked: the page, and the token of the next when there is one. */
export function pageOf<T>(rows: readonly T[], offset: number, size: number): { readonly rows: readonly T[]; readonly next: string | undefined } {
  return rows.length > size ? { rows: rows.slice(0, size), next: pageToken(offset + size) } : { rows, next: undefined };
}
