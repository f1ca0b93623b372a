import type { DuckDBConnection } from "@duckdb/node-api";
import { pathLiteral, withConnection } from "../../storage/duckdb.ts";
import { eachRow } from "../each-row.ts";
import { areAllDifferent, readLogRows, rowsAt, type LogRows } from "../log-files/read-log-rows.ts";
import { logRows } from "../log-rows.ts";
import type { Attempt } from "./attempts.ts";
import { compareKeys, eachMatch, inKeyOrder, keysOf } from "./keys.ts";
import { hasDigest, isShadow, readRunKeys, type Entries } from "./run-file.ts";
import { entriesOf } from "./runs.ts";

/** Attempts that new files of the log hold, with the requests that they are of. */
export interface FreshRows {
  readonly requests: readonly { readonly requestId: string; readonly rowIndex: number }[];
  readonly entries: Entries;
}

/** All attempts of a row that was asked for several times. */
export interface Repeated {
  readonly requestId: string;
  readonly rowIndex: number;
  readonly attempts: readonly Attempt[];
}

/** Reads files of the log: each attempt once, whatever variants answered it. */
export async function readFresh(paths: readonly string[]): Promise<FreshRows> {
  const rows = await readLogRows(paths, () => false);
  return rows ? freshOf(onceEach(rows)) : withConnection((connection) => freshBySql(connection, paths));
}

/** Each attempt once, with the earliest time of arrival, in the open if it is there in the open. */
function onceEach(rows: LogRows): LogRows {
  if (areAllDifferent(rows)) return rows;
  const { n, requestIds, rowIndexes, digests, hasDigest: has, eventTimes, receivedAts, shadows } = rows;
  const places = new Map<string, number>();
  for (let row = 0; row < n; row++) {
    const name = `${rowIndexes[row]} ${eventTimes[row]} ${has[row] === 1 ? digests[row] : ""} ${requestIds[row]}`;
    const place = places.get(name);
    if (place === undefined) places.set(name, row);
    else {
      receivedAts[place] = Math.min(receivedAts[place], receivedAts[row]);
      shadows[place] &= shadows[row];
    }
  }
  return rowsAt(rows, Uint32Array.from(places.values()));
}

function freshOf({ n, requestIds, rowIndexes, digests, hasDigest: has, eventTimes, receivedAts, shadows }: LogRows): FreshRows {
  const requests = requestIds.map((requestId, row) => ({ requestId, rowIndex: rowIndexes[row] }));
  const flags = new Uint8Array(n);
  for (let row = 0; row < n; row++) flags[row] = (shadows[row] === 1 ? isShadow : 0) | (has[row] === 1 ? hasDigest : 0);
  return { requests, entries: { keys: keysOf(requests), eventTimes, receivedAts, digests, flags } };
}

/** The same of files that others wrote. */
async function freshBySql(connection: DuckDBConnection, paths: readonly string[]): Promise<FreshRows> {
  const requests: { requestId: string; rowIndex: number }[] = [];
  const [digests, eventTimes, receivedAts, shadows]: [(bigint | null)[], number[], number[], boolean[]] = [[], [], [], []];
  const sql = `SELECT request_id, row_index::INTEGER, row_digest, epoch_ms(event_time)::DOUBLE AS at, min(epoch_ms(received_at))::DOUBLE, bool_and(shadow) FROM ${logRows(paths.map(pathLiteral))} WHERE status = 'ok' GROUP BY ALL`;
  await eachRow(connection, sql, ([requestId, rowIndex, digest, eventTime, receivedAt, shadow]) => {
    requests.push({ requestId: requestId as string, rowIndex: rowIndex as number });
    digests.push(digest as bigint | null);
    eventTimes.push(eventTime as number);
    receivedAts.push(receivedAt as number);
    shadows.push(shadow === true);
  });
  const entries: Entries = {
    keys: keysOf(requests),
    eventTimes: Float64Array.from(eventTimes),
    receivedAts: Float64Array.from(receivedAts),
    digests: BigInt64Array.from(digests, (digest) => digest ?? 0n),
    flags: Uint8Array.from(digests, (digest, at) => (shadows[at] ? isShadow : 0) | (digest === null ? 0 : hasDigest)),
  };
  return { requests, entries };
}

/** What the runs know of new attempts. */
export interface Compared {
  /** By the place of the new attempt: 1 where the index has it already, in the open if it is. */
  readonly known: Uint8Array;
  readonly repeated: readonly Repeated[];
}

/** Looks for what the index has of the rows of new attempts. */
export async function compareWithRuns({ requests, entries }: FreshRows, runs: readonly string[]): Promise<Compared> {
  const order = inKeyOrder(entries.keys);
  const startsKey = (at: number): boolean => at === 0 || compareKeys(entries.keys, order[at - 1], entries.keys, order[at]) !== 0;
  // A key is looked up once, however many attempts it has: some clients give all their requests one id.
  const firsts = order.filter((_, at) => startsKey(at));
  const before = new Map<number, Found[]>();
  for (const run of runs) {
    const { keys, rest } = await readRunKeys(run);
    const hits: [number, number][] = [];
    eachMatch(keys, entries.keys, firsts, (place, at) => hits.push([place, at]));
    if (hits.length === 0) continue;
    const indexed = await rest();
    for (const [place, at] of hits) {
      const other = before.get(place);
      if (other) other.push({ of: indexed, at });
      else before.set(place, [{ of: indexed, at }]);
    }
  }
  const known = new Uint8Array(requests.length);
  const repeated: Repeated[] = [];
  for (let from = 0; from < order.length; ) {
    let until = from + 1;
    while (until < order.length && !startsKey(until)) until += 1;
    const indexed = before.get(order[from]) ?? [];
    const places = order.subarray(from, until);
    const open = new Map<string, boolean>();
    for (const { of, at } of indexed) open.set(nameOf(of, at), (open.get(nameOf(of, at)) ?? false) || (of.flags[at] & isShadow) === 0);
    for (const place of places) {
      const inOpen = open.get(nameOf(entries, place));
      if (inOpen !== undefined && (inOpen || (entries.flags[place] & isShadow) !== 0)) known[place] = 1;
    }
    if (until - from > 1 || indexed.length > 0) {
      const attempts = attemptsOf([...indexed, ...Array.from(places, (at): Found => ({ of: entries, at }))]);
      if (attempts.length > 1) repeated.push({ ...requests[order[from]], attempts });
    }
    from = until;
  }
  return { known, repeated };
}

/** What tells attempts of one key apart: the row's time and values. */
const nameOf = ({ eventTimes, digests, flags }: Entries, at: number): string => `${eventTimes[at]} ${digests[at]} ${flags[at] & hasDigest}`;

interface Found {
  readonly of: Entries;
  readonly at: number;
}

/** The different attempts among some of one row, in order of event time. */
function attemptsOf(found: readonly Found[]): Attempt[] {
  const all = entriesOf(found.length);
  const known = new Map<string, number>();
  let n = 0;
  for (const { of, at } of found) {
    const name = nameOf(of, at);
    const same = known.get(name);
    if (same !== undefined) {
      all.receivedAts[same] = Math.min(all.receivedAts[same], of.receivedAts[at]);
      all.flags[same] &= of.flags[at] | ~isShadow;
      continue;
    }
    known.set(name, n);
    all.eventTimes[n] = of.eventTimes[at];
    all.receivedAts[n] = of.receivedAts[at];
    all.digests[n] = of.digests[at];
    all.flags[n++] = of.flags[at];
  }
  return Array.from({ length: n }, (_, i): Attempt => ({
    digest: (all.flags[i] & hasDigest) === 0 ? null : String(all.digests[i]),
    eventTime: all.eventTimes[i],
    receivedAt: all.receivedAts[i],
    shadow: (all.flags[i] & isShadow) !== 0,
  })).toSorted((a, b) => a.eventTime - b.eventTime);
}
