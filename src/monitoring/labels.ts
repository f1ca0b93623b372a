import type { Database } from "../storage/database.ts";
import { fetchRows } from "../storage/fetch-rows.ts";
import { insertRows } from "../storage/insert-rows.ts";
import { lock, transact } from "../storage/transactions.ts";
import { monitoringTables } from "./store.ts";
import type { TimeWindow } from "./types.ts";
import { touch } from "./windows/touched.ts";

/** A word of the sender on the true value of one row. */
export interface Label {
  readonly requestId: string;
  readonly rowIndex: number;
  /** The true value: a number in decimal, or the class. */
  readonly value: string;
  /** When it became known here, milliseconds. */
  readonly arrivedAt: number;
  /** When the sender saw or wrote it: of several words for a row the newest by this time holds. Its arrival when absent. */
  readonly observedAt?: number;
}

/** A label as it is kept. */
export interface StoredLabel extends Required<Label> {
  /** When the prediction happened that it is of; see `label-match.ts` for what is no time. */
  readonly eventTime: number | null;
}

/** What became of the labels of one delivery. */
export interface Delivery {
  /** Words of another value that replaced an earlier one. */
  readonly corrected: number;
  /** Words that a newer one of the sender, stored before or in the same delivery, holds against: kept, but not used. */
  readonly superseded: number;
}

type Word = Required<Label>;

const keyOf = ({ requestId, rowIndex }: Pick<Label, "requestId" | "rowIndex">): string => `${rowIndex} ${requestId}`;

/** Whether a word is older than another: by the sender's time, then by arrival; of two that are equal in both, the one delivered later is the newer. */
const isOlder = (one: Word, other: Word): boolean => one.observedAt < other.observedAt || (one.observedAt === other.observedAt && one.arrivedAt < other.arrivedAt);

/** Whether it is the same word, which may have been delivered twice. */
const isSame = (one: Word, other: Word): boolean => one.value === other.value && one.observedAt === other.observedAt;

/**
 * Stores ground truth, durable when this returns. Of all words for a row the sender's newest holds, in whatever order they come; the others are kept beside it.
 * A delivery that comes again changes nothing.
 */
export async function addLabels(db: Database, endpoint: string, labels: readonly Label[]): Promise<Delivery> {
  const words = labels.map((label): Word => ({ ...label, observedAt: label.observedAt ?? label.arrivedAt }));
  return transact(db, async (transaction) => {
    await lock(transaction, `monitoring.labels ${endpoint}`);
    const stored = await currentWords(transaction, endpoint, words.map(({ requestId }) => requestId));
    const current = new Map<string, Word>(stored);
    const arrivals = await earlierArrivals(transaction, endpoint, words, stored);
    for (const word of words) {
      const known = current.get(keyOf(word));
      // A word that is delivered again arrived when it came first.
      const arrivedAt = Math.min(word.arrivedAt, arrivals.get(wordKeyOf(word)) ?? Infinity, known && isSame(word, known) ? known.arrivedAt : Infinity);
      const isKnown = arrivals.has(wordKeyOf(word)) && known?.observedAt === word.observedAt && known.arrivedAt === arrivedAt;
      if (!known || (!isKnown && !isOlder({ ...word, arrivedAt }, known))) current.set(keyOf(word), { ...word, arrivedAt });
    }
    const holds = (word: Word): boolean => isSame(word, current.get(keyOf(word))!);
    const isAsStored = (key: string): boolean => stored.has(key) && holds(stored.get(key)!) && stored.get(key)!.arrivedAt === current.get(key)!.arrivedAt;
    const changed = [...current.keys()].filter((key) => !isAsStored(key));
    const late = words.filter((word) => !holds(word));
    const history = [...late, ...[...stored.values()].filter((word) => !holds(word))];
    const corrected = changed.filter((key) => stored.has(key) && stored.get(key)!.value !== current.get(key)!.value).length;
    const rowOf = ({ requestId, rowIndex, value, observedAt, arrivedAt }: Word) => [endpoint, requestId, rowIndex, value, observedAt, arrivedAt];
    const columns = ["endpoint", "request_id", "row_index", "value", "observed_at", "arrived_at"];
    await insertRows(transaction, "superseded_labels", columns, history.map(rowOf), "on conflict do nothing");
    await insertRows(
      transaction,
      "labels",
      columns,
      changed.map((key) => rowOf(current.get(key)!)),
      // What it is of is looked up anew: which of several requests a label can be of depends on when it arrived.
      "on conflict (endpoint, request_id, row_index) do update set value = excluded.value, observed_at = excluded.observed_at, arrived_at = excluded.arrived_at, event_time = null",
    );
    // The window that the former word was counted in; the one that the new word belongs to is noted when its prediction is found.
    const left = changed.flatMap((key) => {
      const before = stored.get(key);
      return before && (before.eventTime ?? -1) >= 0 ? [{ eventTime: before.eventTime!, cause: "corrections" as const, due: current.get(key)!.arrivedAt, count: 0 }] : [];
    });
    await touch(transaction, endpoint, left);
    return { corrected, superseded: late.length };
  });
}

const wordKeyOf = ({ requestId, rowIndex, value, observedAt }: Word): string => JSON.stringify([requestId, rowIndex, value, observedAt]);

/** When words of the same sender's time as the one that holds have come before, where they do not hold: they decide by their arrival, which is that of the first time. */
async function earlierArrivals(db: Database, endpoint: string, words: readonly Word[], stored: ReadonlyMap<string, StoredLabel>): Promise<Map<string, number>> {
  const tied = words.filter((word) => {
    const known = stored.get(keyOf(word));
    return known && known.observedAt === word.observedAt && known.value !== word.value;
  });
  const ids = [...new Set(tied.map(({ requestId }) => requestId))];
  const found = new Map<string, number>();
  for (let from = 0; from < ids.length; from += 5000) {
    const part = ids.slice(from, from + 5000);
    const text = `select ${columnsOfWord} from superseded_labels l where l.endpoint = ? and l.request_id in (${part.map(() => "?").join(", ")})`;
    for (const word of await fetchRows<Word>(db, text, [endpoint, ...part])) found.set(wordKeyOf(word), Math.min(word.arrivedAt, found.get(wordKeyOf(word)) ?? Infinity));
  }
  return found;
}

const columnsOfWord = `l.request_id as "requestId", l.row_index as "rowIndex", l.value as "value", l.arrived_at as "arrivedAt", l.observed_at as "observedAt"`;

/** The stored words of requests, by row. */
async function currentWords(db: Database, endpoint: string, requestIds: readonly string[]): Promise<Map<string, StoredLabel>> {
  const ids = [...new Set(requestIds)];
  const found = new Map<string, StoredLabel>();
  for (let from = 0; from < ids.length; from += 5000) {
    const part = ids.slice(from, from + 5000);
    const text = `select ${columnsOfWord}, l.event_time as "eventTime" from labels l where l.endpoint = ? and l.request_id in (${part.map(() => "?").join(", ")})`;
    for (const row of await fetchRows<StoredLabel>(db, text, [endpoint, ...part])) found.set(keyOf(row), row);
  }
  return found;
}

/** What is asked of labels: what was known at `until`; `of` takes those of predictions of that time alone. */
export interface LabelRange {
  readonly until: number;
  readonly of?: TimeWindow;
}

/** The labels that were known at `until`, each by the newest word that had arrived by then, in order of arrival. */
export async function readLabels(db: Database, endpoint: string, range: LabelRange): Promise<StoredLabel[]> {
  const found: StoredLabel[] = [];
  await eachLabel(db, endpoint, range, (label) => found.push(label));
  return found.sort((a, b) => a.arrivedAt - b.arrivedAt || (a.requestId < b.requestId ? -1 : Number(a.requestId > b.requestId)) || a.rowIndex - b.rowIndex);
}

/** Labels of a window that are read at once, about, so that not all are in memory. */
const labelsAtOnce = 4096;

/** Hands out the labels that `readLabels` reads, in no order. */
export async function eachLabel(db: Database, endpoint: string, { until, of }: LabelRange, take: (label: StoredLabel) => void): Promise<void> {
  const known = `select ${columnsOfWord}, l.event_time as "eventTime" from labels l where l.endpoint = ? and l.arrived_at <= ?`;
  if (of) {
    const [{ n }] = await fetchRows<{ n: number }>(db, "select count(*) as n from labels l where l.endpoint = ? and l.event_time >= ? and l.event_time < ?", [endpoint, of.from, of.until]);
    const width = Math.max(1, Math.ceil(((of.until - of.from) * labelsAtOnce) / Math.max(labelsAtOnce, Number(n))));
    for (let from = of.from; from < of.until; from += width) {
      for (const label of await fetchRows<StoredLabel>(db, `${known} and l.event_time >= ? and l.event_time < ?`, [endpoint, until, from, Math.min(from + width, of.until)])) take(label);
    }
  } else for (const label of await fetchRows<StoredLabel>(db, known, [endpoint, until])) take(label);
  const [inWindow, bounds] = of ? ["and l.event_time >= ? and l.event_time < ?", [of.from, of.until]] : ["", []];
  // Of labels whose newest word came later, the newest that had come.
  const before = await fetchRows<StoredLabel>(
    db,
    `select l.request_id as "requestId", l.row_index as "rowIndex", s.value as "value", s.arrived_at as "arrivedAt", s.observed_at as "observedAt", l.event_time as "eventTime"
      from labels l join superseded_labels s on s.endpoint = l.endpoint and s.request_id = l.request_id and s.row_index = l.row_index
      where l.endpoint = ? and l.arrived_at > ? and s.arrived_at <= ? ${inWindow}`,
    [endpoint, until, until, ...bounds],
  );
  const newest = new Map<string, StoredLabel>();
  for (const word of before) {
    const other = newest.get(keyOf(word));
    if (!other || isOlder(other, word)) newest.set(keyOf(word), word);
  }
  for (const word of newest.values()) take(word);
}

/** Every word for a row, the one that holds first, then by the sender's time, newest first: what auditors ask for. */
export async function labelHistory(db: Database, endpoint: string, requestId: string): Promise<(Word & { readonly holds: boolean })[]> {
  const read = (table: "labels" | "superseded_labels") =>
    monitoringTables(db)
      .selectFrom(table)
      .select(["request_id as requestId", "row_index as rowIndex", "value", "observed_at as observedAt", "arrived_at as arrivedAt"])
      .where("endpoint", "=", endpoint)
      .where("request_id", "=", requestId)
      .orderBy("row_index")
      .orderBy("observed_at", "desc")
      .orderBy("arrived_at", "desc")
      .execute();
  const [current, older] = [await read("labels"), await read("superseded_labels")];
  return [...current.map((word) => ({ ...word, holds: true })), ...older.map((word) => ({ ...word, holds: false }))];
}
