/** The rows a candidate is trained on: those from a point in time on, all alike or the newest most. */
export interface RowSpan {
  readonly name: "all rows" | "the champion's rows" | "since the change" | "recent rows" | "rows by age";
  /** Milliseconds; null: all rows there are. */
  readonly from: number | null;
  /** A row that is so much older than the newest weighs half as much, ms; null: all weigh the same. */
  readonly halfLife: number | null;
}

/** Rows that weigh less than 1/64 of the newest change nothing and cost as much as others. */
const halvings = 6;

/**
 * Which stretches of rows candidates are trained on: all; what the champion's stretch has grown to; what came since the change; without an alarm the newest
 * quarter of the champion's stretch, and that stretch with weights that halve in a quarter of it, which are better where things change slowly.
 *
 * A champion that is not of the times since the last change (an earlier version that came back) has a candidate beside it that is.
 *
 * @param times of the rows that are older than the yardstick, ascending; not NaN where `champion`, `changedAt` or `cameBackFor` is set
 * @param champion the oldest row that it was trained on; null: all rows there were
 * @param changedAt since when an alarm says that things changed; `cameBackFor`: when the change began that the champion came back for
 */
export function rowSpans(times: Float64Array, champion: number | null, changedAt: number | null, cameBackFor: number | null): RowSpan[] {
  const spans: RowSpan[] = [{ name: "all rows", from: null, halfLife: null }];
  if (champion !== null) spans.push({ name: "the champion's rows", from: champion, halfLife: null });
  if (changedAt !== null) return [...spans, { name: "since the change", from: changedAt, halfLife: null }];
  if (cameBackFor !== null && (champion === null || champion < cameBackFor) && times[times.length - 1] >= cameBackFor) spans.push({ name: "since the change", from: cameBackFor, halfLife: null });
  const stretch = times.filter((time) => champion === null || time >= champion);
  const quarter = stretch[Math.floor(stretch.length * 0.75)];
  if (quarter === undefined || Number.isNaN(quarter) || !(quarter > stretch[0])) return spans;
  const newest = stretch[stretch.length - 1];
  const halfLife = newest - quarter;
  spans.push({ name: "recent rows", from: quarter, halfLife: null });
  if (halfLife > 0) spans.push({ name: "rows by age", from: newest - halvings * halfLife > times[0] ? newest - halvings * halfLife : null, halfLife });
  return spans;
}
