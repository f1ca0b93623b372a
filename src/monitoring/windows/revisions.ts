import type { Database } from "../../storage/database.ts";
import { lock, transact } from "../../storage/transactions.ts";
import { metricsOf } from "../error-sums.ts";
import { monitoringTables } from "../store.ts";
import type { ErrorSums, MonitorConfig, RevisionCauses, TimeWindow, WindowRevision, WindowState } from "../types.ts";
import type { WindowPart } from "./window-part.ts";
import type { TouchedMinute } from "./touched.ts";

/** Writes what a window is at `now`; where it was something else before, that is kept with what touched it. */
export async function replaceWindow(
  db: Database,
  endpoint: string,
  window: TimeWindow,
  parts: readonly WindowPart[],
  { now, touched }: { readonly now: number; readonly touched: readonly TouchedMinute[] },
): Promise<void> {
  await transact(db, async (transaction) => {
    await lock(transaction, `monitoring.windows ${endpoint}`);
    const tables = monitoringTables(transaction);
    const rows = await tables
      .selectFrom("error_windows")
      .select(["variant", "version", "predictions", "sums"])
      .where("endpoint", "=", endpoint)
      .where("start", "=", window.from)
      .orderBy("variant")
      .orderBy("version")
      .execute();
    const known = rows.map((row): WindowPart => ({ ...row, sums: JSON.parse(row.sums) as ErrorSums }));
    const [before, after] = [without(known, parts), without(parts, known)];
    if (known.length > 0 && before.length === 0 && after.length === 0) return;
    if (known.length > 0) {
      const revision = { after: JSON.stringify(after), why: JSON.stringify(whyOf(known, parts, touched)) };
      await tables
        .insertInto("window_revisions")
        .values({ endpoint, start: window.from, end: window.until, changed_at: now, before: JSON.stringify(before), ...revision })
        .onConflict((conflict) => conflict.columns(["endpoint", "start", "changed_at"]).doUpdateSet(revision))
        .execute();
    }
    await tables.deleteFrom("error_windows").where("endpoint", "=", endpoint).where("start", "=", window.from).execute();
    await tables
      .insertInto("error_windows")
      .values(parts.map(({ variant, version, predictions, sums }) => ({ endpoint, start: window.from, end: window.until, variant, version, predictions, sums: JSON.stringify(sums) })))
      .execute();
  });
}

const textOf = ({ variant, version, predictions, sums }: WindowPart): string => JSON.stringify([variant, version, predictions, sums.n, sums.loss, sums.absolute, sums.signed, sums.label]);

/** The parts that are not among the others, by variant. */
function without(parts: readonly WindowPart[], others: readonly WindowPart[]): WindowPart[] {
  const known = new Set(others.map(textOf));
  return parts.filter((part) => !known.has(textOf(part))).toSorted((a, b) => (a.variant === b.variant ? a.version - b.version : a.variant < b.variant ? -1 : 1));
}

function whyOf(before: readonly WindowPart[], after: readonly WindowPart[], touched: readonly TouchedMinute[]): RevisionCauses {
  const labelled = (parts: readonly WindowPart[]): number => parts.find(({ variant }) => variant === "served")?.sums.n ?? 0;
  return {
    predictions: (after[0]?.predictions ?? 0) - (before[0]?.predictions ?? 0),
    labels: labelled(after) - labelled(before),
    corrections: touched.filter(({ cause }) => cause === "corrections").reduce((sum, { count }) => sum + count, 0),
    repeats: touched.some(({ cause }) => cause === "repeats"),
  };
}

/** What windows have been before they became what they are, the latest change first. */
export async function windowRevisions(db: Database, config: MonitorConfig, filter: { readonly from?: number; readonly until?: number; readonly limit?: number } = {}): Promise<WindowRevision[]> {
  let query = monitoringTables(db).selectFrom("window_revisions").selectAll().where("endpoint", "=", config.endpoint).orderBy("changed_at", "desc").orderBy("start", "desc");
  if (filter.from !== undefined) query = query.where("start", ">=", filter.from);
  if (filter.until !== undefined) query = query.where("end", "<=", filter.until);
  if (filter.limit !== undefined) query = query.limit(filter.limit);
  const states = (text: string): WindowState[] => (JSON.parse(text) as WindowPart[]).map((part) => ({ ...part, metrics: metricsOf(config.task, part.sums) }));
  return (await query.execute()).map(({ changed_at, before, after, why, ...row }) => ({ ...row, changedAt: changed_at, before: states(before), after: states(after), why: JSON.parse(why) as RevisionCauses }));
}
