import { MillraceError } from "../../errors.ts";

const longest = 1500;

/** An error whose sentence repeats no megabytes of the request: gRPC sends it in a header. */
export function withShortSentence(error: MillraceError): MillraceError {
  const { message, code, status, details } = error;
  if (message.length <= longest) return error;
  const short = `${message.slice(0, longest - 300)} … ${message.slice(-300)}`.toWellFormed();
  return new MillraceError(code, status, short, { cause: error, ...(details && { details }) });
}
