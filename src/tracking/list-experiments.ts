import { sql, type Expression, type SqlBool } from "kysely";
import type { Database } from "../storage/database.ts";
import { countRunsOf, readExperiments } from "./experiments.ts";
import { searchExperiments } from "./search.ts";
import { trackingTables } from "./store.ts";
import type { Experiment, Lifecycle } from "./types.ts";

export interface ExperimentsQuestion {
  /** Every word must stand somewhere in the name, in any case (that of ASCII letters). */
  readonly words?: string | undefined;
  /** This very name. */
  readonly name?: string | undefined;
  readonly lifecycle: Lifecycle;
  /** `newest_run`: those with the newest active run first, those without one last. */
  readonly order: "name" | "changed" | "newest_run";
  readonly offset: number;
  readonly limit: number;
}

export type ListedExperiment = Pick<Experiment, "id" | "name" | "tags" | "lifecycle" | "createdAt" | "updatedAt"> & {
  /** Active ones. */
  readonly runs: number;
};

/** A page of the experiments that a question finds, and how many it finds in all. */
export async function listExperiments(db: Database, question: ExperimentsQuestion): Promise<{ readonly experiments: readonly ListedExperiment[]; readonly total: number }> {
  const conditions = [
    ...(question.name === undefined ? [] : [sql<SqlBool>`experiments.name = ${question.name}`]),
    ...wordsOf(question.words).map((word) => sql<SqlBool>`lower(experiments.name) like ${`%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`} escape '\\'`),
  ];
  const where = conditions.length === 0 ? undefined : sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
  const ids = await searchExperiments(db, { lifecycle: question.lifecycle, where, orders: orders[question.order], offset: question.offset, limit: question.limit });
  let all = trackingTables(db).selectFrom("experiments").select((of) => of.fn.countAll<number | string>().as("n")).where("lifecycle", "=", question.lifecycle);
  if (where) all = all.where(where);
  const [found, { n }] = [await readExperiments(db, ids), await all.executeTakeFirstOrThrow()];
  const runs = await countRunsOf(db, ids);
  return { experiments: found.map((one) => listed(one, runs.get(one.id) ?? 0)), total: Number(n) };
}

export const listed = ({ id, name, tags, lifecycle, createdAt, updatedAt }: Experiment, runs: number): ListedExperiment => ({ id, name, tags, lifecycle, createdAt, updatedAt, runs });

const wordsOf = (words = ""): string[] => words.toLowerCase().split(/\s+/).filter((word) => word !== "");

const newestRun: Expression<unknown> = sql`coalesce((select max(runs.started_at) from runs where runs.experiment_id = experiments.id and runs.lifecycle = 'active'), -1)`;
const byName = { by: sql`experiments.name`, ascending: true };
const orders = {
  name: [byName],
  changed: [{ by: sql`experiments.updated_at`, ascending: false }, byName],
  newest_run: [{ by: newestRun, ascending: false }, byName],
} as const;
