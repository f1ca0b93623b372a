/** The rows a candidate is trained on: those from a point in time on. */
export interface RowSpan {
  readonly name: "all rows" | "the champion's rows" | "since the change" | "recent rows";
  /** Milliseconds; null: all rows there are. */
  readonly from: number | null;
}

/**
 * Which stretches of rows candidates are trained on: all; what the champion's stretch has grown to; what came since the change; without an alarm the newest
 * quarter of the champion's stretch, which is better where things change slowly.
 *
 * @param times of the rows that are older than the yardstick, ascending; not NaN where `champion` or `changedAt` is set
 */
export function rowSpans(times: Float64Array, champion: number | null, changedAt: number | null): RowSpan[] {
  const spans: RowSpan[] = [{ name: "all rows", from: null }];
  if (champion !== null) spans.push({ name: "the champion's rows", from: champion });
  if (changedAt !== null) return [...spans, { name: "since the change", from: changedAt }];
  const stretch = times.filter((time) => champion === null || time >= champion);
  const quarter = stretch[Math.floor(stretch.length * 0.75)];
  if (quarter !== undefined && !Number.isNaN(quarter) && quarter > stretch[0]) spans.push({ name: "recent rows", from: quarter });
  return spans;
}
