import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { canonicalJson } from "../../canonical-json.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";
import { progressName, type AnswerMark } from "./answer-file.ts";
import type { AnswerSource, AnswerField } from "./answer-columns.ts";

/** What has been scored so far, beside the file of answers that is not whole yet (`<path>.partial.json`). */
export interface Progress {
  /** Model, tables and choices: with others the answers are begun anew. */
  readonly asked: object;
  readonly mark: AnswerMark;
  readonly sources: readonly AnswerSource[];
  readonly kept: readonly AnswerField[];
  /** The table that is being read, and its rows that are done. */
  readonly file: number;
  readonly rows: number;
  readonly counts: Counts;
}

export interface Counts {
  /** Rows of all tables. */
  readonly rows: number;
  /** Rows without an answer, and some of the reasons. */
  readonly refused: number;
  readonly reasons: readonly string[];
  /** By column: cells that are categories which the model does not know. */
  readonly unseen: Readonly<Record<string, number>>;
}

export const writeProgress = (partial: string, progress: Progress): Promise<void> => writeAtomically(dirname(partial), basename(progressName(partial)), JSON.stringify(progress));

/** What was scored of the same before; undefined where there is nothing of it. */
export async function readProgress(partial: string, asked: object): Promise<Progress | undefined> {
  const text = await readFile(progressName(partial), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const found = JSON.parse(text) as Progress;
    return canonicalJson(found.asked) === canonicalJson(asked) ? found : undefined;
  } catch {
    return undefined;
  }
}
