import { MillraceError } from "../errors.ts";
import { ApiError } from "../http/client.ts";

/** Exit codes by kind of failure; documented in `docs/cli.md`. */
export const exitCodes = {
  ok: 0,
  /** Something failed inside Millrace. */
  internal: 1,
  /** The command line or an input (file, table, project) is wrong. */
  usage: 2,
  /** A gate refused the model, a stage did not do its work, or the doctor found something wrong. */
  refused: 3,
  /** What was named does not exist. */
  notFound: 4,
  /** The server cannot be reached, or a port is taken. */
  unavailable: 5,
  interrupted: 130,
} as const;

export function exitCodeOf(error: unknown): number {
  if (error instanceof MillraceError || error instanceof ApiError) {
    if (error.status === 404) return exitCodes.notFound;
    if (error.status === 409 || error.status === 503) return exitCodes.unavailable;
    if (error.status < 500) return exitCodes.usage;
  }
  return exitCodes.internal;
}
