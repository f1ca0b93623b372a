import { flushPredictions } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import { fetchRows } from "../storage/fetch-rows.ts";
import { transact } from "../storage/transactions.ts";
import { ofNone, ofSeveral } from "./label-match.ts";
import { eventOf } from "./log-index/attempts.ts";
import { findAttempts } from "./log-index/find-attempts.ts";
import { alone } from "./log-index/one-at-a-time.ts";
import { updateIndex } from "./log-index/update-index.ts";
import { labelColumns, writeMatches, type Match, type MatchedLabel } from "./log-index/write-matches.ts";
import { monitoringTables } from "./store.ts";
import { despiteUnreadable, leftOut } from "./unreadable-files.ts";

/** Labels whose predictions are looked for together. */
const labelsAtOnce = 20_000;

/**
 * Notes of labels that are new which prediction they are of, and of those that waited which one has come, as far as the log has it by now, however old either
 * is. What the gateway holds back is not seen: flush it first. Says how many met a prediction. (`_until` and `_options` have no meaning any more: a match
 * is used from the label's arrival on, and the index makes every look thorough.)
 */
export async function matchLabels(house: House, endpoint: string): Promise<number> {
  return alone(house, endpoint, async () => {
    let met = 0;
    const indexed = async (): Promise<void> => {
      met += await updateIndex(house, endpoint, await leftOut(house, endpoint));
    };
    await despiteUnreadable(house, endpoint, indexed);
    for (;;) {
      const fresh = await fetchRows<MatchedLabel>(house.db, `select ${labelColumns} from labels where endpoint = ? and event_time is null limit ${labelsAtOnce}`, [endpoint]);
      if (fresh.length === 0) return met;
      const attempts = await despiteUnreadable(house, endpoint, () => findAttempts(house, endpoint, fresh), indexed);
      const matches = fresh.map((label, at): Match => ({ label, eventTime: attempts[at].length === 0 ? ofNone : eventOf(attempts[at], label.arrivedAt), cause: undefined }));
      await transact(house.db, (transaction) => writeMatches(transaction, endpoint, matches));
      met += matches.filter(({ eventTime }) => eventTime !== ofNone).length;
    }
  });
}

/** How many labels there are of an endpoint, how many of them are of a prediction, and since when the others wait. */
export interface LabelCounts {
  readonly labels: number;
  readonly matched: number;
  readonly waiting: number;
  /** Those whose request id several predictions with other rows have: they count for nothing. */
  readonly ambiguous: number;
  /** When the first of those that wait arrived. */
  readonly waitingSince: number | null;
}

export async function countMatched(house: House, endpoint: string, until: number): Promise<LabelCounts> {
  const labels = monitoringTables(house.db).selectFrom("labels").where("endpoint", "=", endpoint).where("arrived_at", "<=", until);
  const { n } = await labels.select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirstOrThrow();
  const { ambiguous } = await labels.where("event_time", "=", ofSeveral).select(({ fn }) => fn.countAll<number>().as("ambiguous")).executeTakeFirstOrThrow();
  const { waiting, since } = await labels
    .where((is) => is.or([is("event_time", "is", null), is("event_time", "=", ofNone)]))
    .select(({ fn }) => [fn.countAll<number>().as("waiting"), fn.min("arrived_at").as("since")])
    .executeTakeFirstOrThrow();
  return { labels: n, matched: n - ambiguous - waiting, waiting, ambiguous, waitingSince: since ?? null };
}

const keyOf = ({ requestId, rowIndex }: Pick<MatchedLabel, "requestId" | "rowIndex">): string => `${rowIndex} ${requestId}`;

/** How many of these labels, which were just stored, are of a prediction, and how many might be of several. */
export async function countMet(house: House, endpoint: string, labels: readonly { readonly requestId: string; readonly rowIndex: number }[]): Promise<{ matched: number; ambiguous: number }> {
  await flushPredictions(house);
  await matchLabels(house, endpoint);
  const ids = [...new Set(labels.map(({ requestId }) => requestId))];
  const met = new Map<string, number>();
  for (let from = 0; from < ids.length; from += 5000) {
    const part = ids.slice(from, from + 5000);
    const text = `select request_id as "requestId", row_index as "rowIndex", event_time as "eventTime" from labels where endpoint = ? and event_time is not null and request_id in (${part.map(() => "?").join(", ")})`;
    for (const row of await fetchRows<MatchedLabel>(house.db, text, [endpoint, ...part])) met.set(keyOf(row), row.eventTime!);
  }
  const times = labels.map((label) => met.get(keyOf(label)) ?? ofNone);
  return { matched: times.filter((time) => time >= 0).length, ambiguous: times.filter((time) => time === ofSeveral).length };
}
