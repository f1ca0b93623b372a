import type { Database } from "../storage/database.ts";

/** A table of runs as somebody looks at it, for as long as they scroll: how many runs there are, and their ids when they are sorted. */
interface View {
  readonly made: number;
  readonly total: Promise<number>;
  ids: Promise<readonly string[]> | undefined;
}

const lifetimeMs = 5000;
const mostViews = 8;
const views = new WeakMap<object, Map<string, View>>();

/**
 * The view of a question, made anew when it is older than five seconds: sorting 100 000 runs takes longer than a
 * screen of them may, and pages must fit together while somebody scrolls.
 */
export function viewOf(db: Database, question: string, now: number, count: () => Promise<number>): View {
  const known = views.get(db) ?? new Map<string, View>();
  views.set(db, known);
  const old = known.get(question);
  if (old && now - old.made < lifetimeMs && now >= old.made) return old;
  known.delete(question);
  const oldest = known.keys().next().value;
  if (known.size >= mostViews && oldest !== undefined) known.delete(oldest);
  const view: View = { made: now, total: count(), ids: undefined };
  known.set(question, view);
  // A count that failed is asked for again, not remembered.
  view.total.catch(() => known.delete(question));
  return view;
}

/** What was counted and sorted before is old, and who changed it wants to see it. */
export const forgetViews = (db: Database): void => void views.delete(db);
