import { describeError, invalid, MillraceError } from "../errors.ts";

/** A database, or its address, that cannot be the home of the metadata. */
export const unfit = (message: string): MillraceError => invalid("storage.bad_database", message);

/** The address of a database without its password, for people. */
export function withoutPassword(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed) return "the database";
  const user = parsed.username === "" ? "" : `${decodeURIComponent(parsed.username)}@`;
  return `${parsed.protocol}//${user}${parsed.host || (parsed.searchParams.get("host") ?? "")}${parsed.pathname}`;
}

/**
 * What a failure of the driver means to people: `storage.bad_database` when the server refuses us, `storage.database_unavailable` when it
 * is not there, `storage.bad_value` for what no column can hold; any other failure is left as it is. Codes: PostgreSQL's appendix A, Node's.
 */
export function explainFailure(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error instanceof MillraceError) return error;
  const place = withoutPassword(url);
  const code = (error as { code?: unknown }).code;
  const refusal = typeof code === "string" ? refusals[code] : undefined;
  if (refusal !== undefined) return unfit(`${place} refuses Millrace: ${error.message}. ${refusal}`);
  // 54000: too long for an index, where names, ids and keys are.
  if (code === "54000" || code === "22021" || code === "22003" || code === "22P02") return invalid("storage.bad_value", `The database cannot keep this value: ${error.message}`);
  if (!isLost(error, code)) return error;
  return new MillraceError(
    "storage.database_unavailable",
    503,
    `${place} does not answer (${describeLoss(error)}); is PostgreSQL running there, and is the address right? What was written and answered is safe; try again when it is back`,
  );
}

const refusals: Readonly<Record<string, string>> = {
  "28P01": "Give the right password (in --database, MILLRACE_DATABASE, PGPASSWORD or ~/.pgpass)",
  "28000": "Give the right user, and let pg_hba.conf admit it from here",
  "3D000": "Make the database first: createdb -E UTF8 NAME",
  "42501": "Give the user what it lacks: alter database NAME owner to USER",
};

/** Connection exceptions, operator intervention, and what sockets say. */
function isLost(error: Error, code: unknown): boolean {
  if (typeof code === "string" && /^(08...|57P0[1235]|53300|25P03|ECONN.*|EPIPE|ENOTFOUND|EAI_.*|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOENT|EACCES)$/.test(code)) return true;
  return /Connection terminated|timeout exceeded when trying to connect|Client was closed|not queryable|Client has encountered a connection error/i.test(error.message);
}

/** A host of several addresses fails with one error for each. */
const describeLoss = (error: Error): string => (error instanceof AggregateError ? error.errors.map(describeError).join(", ") : describeError(error));

/** Whether a transaction was given up in favour of another: done again, it may well succeed. */
export const isClash = (error: unknown): boolean => ["40001", "40P01"].includes(String((error as { code?: unknown } | null)?.code));
