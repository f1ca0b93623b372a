import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";
import { fetchRows } from "../../storage/fetch-rows.ts";
import { touch, type Cause, type Touch } from "../windows/touched.ts";

/** A label as it was when its prediction was looked for. */
export interface MatchedLabel {
  readonly requestId: string;
  readonly rowIndex: number;
  readonly value: string;
  readonly observedAt: number;
  readonly arrivedAt: number;
  readonly eventTime: number | null;
}

/** Its columns of `labels`, in SQL. */
export const labelColumns = `request_id as "requestId", row_index as "rowIndex", value as "value", observed_at as "observedAt", arrived_at as "arrivedAt", event_time as "eventTime"`;

/** The prediction that was found for a label (`label-match.ts` says what numbers that are no time mean). */
export interface Match {
  readonly label: MatchedLabel;
  readonly eventTime: number;
  /** Why windows change by it; the label itself where absent. */
  readonly cause: Cause | undefined;
}

/** Notes which predictions labels are of, and the minutes in which that changes something. A label that has changed since it was read is left alone. */
export async function writeMatches(transaction: Database, endpoint: string, matches: readonly Match[]): Promise<void> {
  if (matches.length === 0) return;
  // Only the match is new, and only while the word is the one that was looked at.
  await insertRows(
    transaction,
    "labels",
    ["endpoint", "request_id", "row_index", "value", "observed_at", "arrived_at", "event_time"],
    matches.map(({ label, eventTime }) => [endpoint, label.requestId, label.rowIndex, label.value, label.observedAt, label.arrivedAt, eventTime]),
    "on conflict (endpoint, request_id, row_index) do update set event_time = excluded.event_time where labels.arrived_at = excluded.arrived_at and labels.observed_at = excluded.observed_at and labels.value = excluded.value",
  );
  const corrected = await correctedRows(transaction, endpoint, matches);
  const touches = matches.flatMap(({ label, eventTime, cause }): Touch[] => {
    const why = cause ?? (corrected.has(`${label.rowIndex} ${label.requestId}`) ? "corrections" : "labels");
    const left = label.eventTime !== null && label.eventTime >= 0 && label.eventTime !== eventTime ? [{ eventTime: label.eventTime, cause: why, due: label.arrivedAt, count: 0 }] : [];
    return [...left, ...(eventTime >= 0 ? [{ eventTime, cause: why, due: label.arrivedAt }] : [])];
  });
  await touch(transaction, endpoint, touches);
}

/** Which of the labels have replaced an earlier word of another value. */
async function correctedRows(transaction: Database, endpoint: string, matches: readonly Match[]): Promise<Set<string>> {
  const ids = [...new Set(matches.map(({ label }) => label.requestId))];
  const found = new Set<string>();
  if ((await fetchRows(transaction, "select 1 from superseded_labels where endpoint = ? limit 1", [endpoint])).length === 0) return found;
  for (let from = 0; from < ids.length; from += 5000) {
    const part = ids.slice(from, from + 5000);
    const rows = await fetchRows<{ key: string }>(
      transaction,
      `select distinct l.row_index || ' ' || l.request_id as "key" from superseded_labels s join labels l on l.endpoint = s.endpoint and l.request_id = s.request_id and l.row_index = s.row_index
        where s.endpoint = ? and s.request_id in (${part.map(() => "?").join(", ")}) and s.value <> l.value`,
      [endpoint, ...part],
    );
    for (const { key } of rows) found.add(key);
  }
  return found;
}
