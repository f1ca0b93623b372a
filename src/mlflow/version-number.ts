import { invalidParameter } from "./mlflow-error.ts";

/** A version as clients write it: digits. */
export function versionNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidParameter(`Parameter 'version' must be an integer, got '${text}'.`);
}
