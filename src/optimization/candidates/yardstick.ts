/** The newest labelled rows that the champion has not seen, by which all candidates are judged, and how. */
export type Yardstick =
  | { readonly state: "too_few"; readonly rows: number; readonly needed: number }
  /** `needed`: fewest rows that a comparison takes. `before`: all rows that are older than the yardstick, in order of time. `parts`: rows of the yardstick that a candidate must not have seen when it is asked for them. */
  | { readonly state: "ready"; readonly needed: number; readonly rows: Uint32Array; readonly before: Uint32Array; readonly parts: readonly Uint32Array[] };

/** Fewest rows to compare by, after an alarm (when hardly anything can be worse than what is there) and else. */
const [fewestAfterAlarm, fewest] = [5, 24];
/** Below so many rows since a change each is worth too much to be held out for good: candidates are judged by cross-validation. */
const crossBelow = 120;
const folds = 4;
const [leastRows, mostRows] = [8, 500];

/**
 * Chooses the yardstick: of the rows since a change the newer half, or all of them in four parts where they are few; without an alarm the newest third of the
 * rows that the champion has not seen, at most 500.
 *
 * @param ordered all labelled rows by time
 * @param times when each row happened, ms
 * @param limits `seenUntil`: the newest row the champion was trained on; `changedAt`: when an alarm says that things changed (null: there is no alarm);
 *   `cameBackFor`: when the change began that the champion, an earlier version, came back for (null of any other); `maxAge`: how old a row may be beside the newest (null: as old as it
 *   is); `window`: its length; all ms
 */
export function chooseYardstick(ordered: Uint32Array, times: Float64Array, limits: { readonly seenUntil: number; readonly changedAt: number | null; readonly cameBackFor: number | null; readonly maxAge: number | null; readonly window: number }): Yardstick {
  const { seenUntil, changedAt, cameBackFor, maxAge, window } = limits;
  const since = Math.max(changedAt ?? cameBackFor ?? Number.NEGATIVE_INFINITY, maxAge === null ? Number.NEGATIVE_INFINITY : times[ordered[ordered.length - 1]] - maxAge);
  const fresh = ordered.filter((row) => times[row] > seenUntil && times[row] >= since);
  const needed = changedAt === null ? fewest : fewestAfterAlarm;
  if (fresh.length < needed) return { state: "too_few", rows: fresh.length, needed };
  if (changedAt !== null && fresh.length < crossBelow) {
    const windows = [...new Set(Array.from(fresh, (row) => Math.floor(times[row] / window)))];
    // Rows of one window are too much alike to be asked about each other.
    const foldOf = windows.length >= folds ? (row: number): number => windows.indexOf(Math.floor(times[row] / window)) % folds : (_: number, at: number): number => at % folds;
    const parts = Array.from({ length: folds }, (_, fold) => fresh.filter((row, at) => foldOf(row, at) === fold)).filter((part) => part.length > 0);
    const isFresh = new Set(fresh);
    return { state: "ready", needed, rows: fresh, before: ordered.filter((row) => !isFresh.has(row)), parts };
  }
  const wanted = Math.max(leastRows, Math.min(mostRows, Math.round(fresh.length / (changedAt === null ? 3 : 2))));
  const rows = fresh.slice(-wanted);
  // By the order of time, the rows of a yardstick are the last of all.
  return { state: "ready", needed: Math.min(needed, rows.length), rows, before: ordered.slice(0, ordered.length - rows.length), parts: [rows] };
}

/** Where the newer half of rows in order of time begins: with the window of the middle one, or the next one where that is the first; their number where all are of one window. */
export function middleOf(rows: Uint32Array, windowOf: (row: number) => number): number {
  const middle = windowOf(rows[rows.length >> 1]);
  const start = rows.findIndex((row) => windowOf(row) >= middle);
  const at = start > 0 ? start : rows.findIndex((row) => windowOf(row) > middle);
  return at < 0 ? rows.length : at;
}
