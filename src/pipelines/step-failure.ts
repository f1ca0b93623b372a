import { describeError, MillraceError } from "../errors.ts";

/** A failure as it is kept with a step, and shown. */
export interface StepFailure {
  readonly code: string;
  readonly message: string;
}

/**
 * What a step's failure says to people: the sentence of an error that we know; of one that we do not, its message without the SQL that DuckDB adds
 * (`LINE 1: SELECT …`) and with files named without their folders on this machine. Stacks are the log's.
 */
export function stepFailure(error: unknown): StepFailure {
  if (error instanceof MillraceError) return { code: error.code, message: describeError(error) };
  const [said] = describeError(error).split(/\n\s*LINE \d+:/);
  return { code: "pipelines.step_failed", message: said.replaceAll(absolutePath, "$1").trim() };
}

/** A path from the root, of which the last part is told; addresses (`https://host/a/b`) are none. */
const absolutePath = /(?<![\w:/.\\-])(?:file:\/\/)?\/(?:[^\s/"'`:,;()]+\/)+([^\s/"'`:,;()]+)/g;
