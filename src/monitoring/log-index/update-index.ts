import type { House } from "../../stage.ts";
import { withConnection } from "../../storage/duckdb.ts";
import { fetchRows } from "../../storage/fetch-rows.ts";
import { transact } from "../../storage/transactions.ts";
import { ofNone } from "../label-match.ts";
import { touch, type Touch } from "../windows/touched.ts";
import { eventOf } from "./attempts.ts";
import { compareWithRuns, readFresh, type FreshRows, type Repeated } from "./fresh-rows.ts";
import { bytesIn } from "./index-files.ts";
import { newFiles, noteRead, type NewFiles } from "./new-files.ts";
import { writeRepeats } from "./repeats.ts";
import { addRun, runsOf } from "./runs.ts";
import { labelColumns, writeMatches, type Match, type MatchedLabel } from "./write-matches.ts";

/** Days whose new files are read together, at most, and bytes of files where there are several. */
const [daysAtOnce, bytesAtOnce] = [16, 33_554_432];

/**
 * Takes into the index what has come to the log since the last time: finds rows that were asked for before (retries, and request ids that came again for other
 * rows), gives labels that waited their prediction, and notes which minutes are touched. Killed in between, it does the same again. Says how many labels met their prediction.
 */
export async function updateIndex(house: House, endpoint: string, left: ReadonlySet<string>): Promise<number> {
  const fresh = await newFiles(house, endpoint, left);
  let met = 0;
  let together: NewFiles[] = [];
  let bytes = 0;
  for (const day of fresh) {
    const size = bytesIn(day.paths);
    if (together.length > 0 && (together.length === daysAtOnce || bytes + size > bytesAtOnce)) {
      met += await take(house, endpoint, together);
      [together, bytes] = [[], 0];
    }
    together.push(day);
    bytes += size;
  }
  return together.length === 0 ? met : met + (await take(house, endpoint, together));
}

async function take(house: House, endpoint: string, days: readonly NewFiles[]): Promise<number> {
  const fresh = await readFresh(days.flatMap(({ paths }) => paths));
  const { known, repeated } = await compareWithRuns(fresh, await runsOf(house, endpoint));
  const touches: Touch[] = [
    ...cameBy(fresh, known),
    ...repeated.flatMap(({ attempts }) => attempts.map(({ eventTime }) => ({ eventTime, cause: "repeats" as const }))),
  ];
  const matches = [...(await rematch(house, endpoint, repeated)), ...(await matchWaiting(house, endpoint, fresh, repeated))];
  await transact(house.db, async (transaction) => {
    await touch(transaction, endpoint, touches);
    await writeMatches(transaction, endpoint, matches);
  });
  if (repeated.length > 0) await withConnection((connection) => writeRepeats(connection, house, endpoint, repeated));
  if (fresh.requests.length > 0) await addRun(house, endpoint, fresh.entries);
  for (const day of days) await noteRead(house, endpoint, day);
  return matches.filter(({ label, eventTime }) => (label.eventTime ?? ofNone) === ofNone && eventTime !== ofNone).length;
}

const minuteMs = 60_000;

/** The minutes in which attempts happened that the index did not have, and how many. */
function cameBy({ entries: { eventTimes } }: FreshRows, known: Uint8Array): Touch[] {
  const minutes = new Map<number, number>();
  for (const [place, eventTime] of eventTimes.entries()) {
    if (known[place] === 1) continue;
    const minute = Math.floor(eventTime / minuteMs) * minuteMs;
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  return [...minutes].map(([eventTime, count]) => ({ eventTime, cause: "predictions" as const, count }));
}

/** Labels of rows that turned out to have been asked for several times, for which that makes a difference. */
async function rematch(house: House, endpoint: string, repeated: readonly Repeated[]): Promise<Match[]> {
  const labels = await labelsOf(house, endpoint, repeated.map(({ requestId }) => requestId));
  return repeated.flatMap(({ requestId, rowIndex, attempts }) => {
    const label = labels.get(rowOf({ requestId, rowIndex }));
    if (!label) return [];
    const eventTime = eventOf(attempts, label.arrivedAt);
    return eventTime === label.eventTime ? [] : [{ label, eventTime, cause: (label.eventTime ?? ofNone) === ofNone ? undefined : ("repeats" as const) }];
  });
}

async function labelsOf(house: House, endpoint: string, requestIds: readonly string[]): Promise<Map<string, MatchedLabel>> {
  const ids = [...new Set(requestIds)];
  const found = new Map<string, MatchedLabel>();
  for (let from = 0; from < ids.length; from += 5000) {
    const part = ids.slice(from, from + 5000);
    const text = `select ${labelColumns} from labels where endpoint = ? and request_id in (${part.map(() => "?").join(", ")})`;
    for (const label of await fetchRows<MatchedLabel>(house.db, text, [endpoint, ...part])) found.set(rowOf(label), label);
  }
  return found;
}

/** Labels that came before their prediction, which is there now. */
async function matchWaiting(house: House, endpoint: string, fresh: FreshRows, repeated: readonly Repeated[]): Promise<Match[]> {
  const waiting = await fetchRows<MatchedLabel>(house.db, `select ${labelColumns} from labels where endpoint = ? and event_time = ${ofNone}`, [endpoint]);
  if (waiting.length === 0) return [];
  const several = new Set(repeated.map(rowOf));
  const byRow = new Map(waiting.filter((label) => !several.has(rowOf(label))).map((label) => [rowOf(label), label]));
  return fresh.requests.flatMap((request, place) => {
    const label = byRow.get(rowOf(request));
    return label ? [{ label, eventTime: fresh.entries.eventTimes[place], cause: undefined }] : [];
  });
}

const rowOf = ({ requestId, rowIndex }: { readonly requestId: string; readonly rowIndex: number }): string => `${rowIndex} ${requestId}`;
