import { areAllDifferent, placesOf, rowsAt, type LogRows } from "./read-log-rows.ts";

/**
 * The rows in the order in which errors are summed: event time, request id, row, variant, version. Of those that a variant answered for the same request and
 * values the one that came first.
 */
export function inOrderOnce(rows: LogRows): LogRows {
  const { requestIds, rowIndexes, eventTimes, variants, versions } = rows;
  const compare = (a: number, b: number): number =>
    eventTimes[a] - eventTimes[b] || compareTexts(requestIds[a], requestIds[b]) || rowIndexes[a] - rowIndexes[b] || compareTexts(variants[a], variants[b]) || versions[a] - versions[b] || a - b;
  const places = once(rows);
  // A log is written about as things happen.
  let inOrder = true;
  for (let at = 1; inOrder && at < places.length; at++) inOrder = compare(places[at - 1], places[at]) <= 0;
  return rowsAt(rows, inOrder ? places : places.sort(compare));
}

function once(rows: LogRows): Uint32Array {
  if (areAllDifferent(rows)) return placesOf(rows, () => true);
  const { n, requestIds, rowIndexes, digests, hasDigest, receivedAts, variants, versions } = rows;
  const first = new Map<string, number>();
  for (let row = 0; row < n; row++) {
    const name = `${rowIndexes[row]} ${hasDigest[row] === 1 ? digests[row] : ""} ${versions[row]} ${requestIds[row].length} ${requestIds[row]} ${variants[row]}`;
    const other = first.get(name);
    if (other === undefined || receivedAts[row] < receivedAts[other]) first.set(name, row);
  }
  return Uint32Array.from(first.values());
}

/** Texts in the order of their UTF-8, as databases have them. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const isPlain = (text: string): boolean => !/[\ud800-\uffff]/.test(text);
  // Only behind the surrogates the order of UTF-16 is another.
  if (isPlain(a) && isPlain(b)) return a < b ? -1 : 1;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
