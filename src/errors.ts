/**
 * The one error base of Millrace. A code reads `<room>.<what>` and stays stable; `status` is the HTTP status it leaves the server with;
 * the kind decides the exit code of the command line (`cli/exit-codes.ts`).
 */
export class MillraceError extends Error {
  readonly code: string;
  readonly status: number;
  /** Machine-readable facts about the failure (file, line, column, field …); sent to clients. */
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: string,
    status: number,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "MillraceError";
    this.code = code;
    this.status = status;
    this.details = options.details;
  }
}

/** The caller sent something that cannot be accepted (HTTP 400). */
export const invalid = (code: string, message: string, details?: Readonly<Record<string, unknown>>): MillraceError =>
  new MillraceError(code, 400, message, details ? { details } : {});

/** What was named does not exist (HTTP 404). */
export const notFound = (code: string, message: string, details?: Readonly<Record<string, unknown>>): MillraceError =>
  new MillraceError(code, 404, message, details ? { details } : {});

/** What was asked clashes with the present state (HTTP 409). */
export const conflict = (code: string, message: string, details?: Readonly<Record<string, unknown>>): MillraceError =>
  new MillraceError(code, 409, message, details ? { details } : {});

/** A failure's message with the chain of its causes, for logs and for people. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describeError(error.cause)}`;
}
