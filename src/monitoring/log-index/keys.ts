import { hash } from "node:crypto";

/**
 * The keys of rows of requests, as runs hold them: 64 bits of a digest of request id and place, as two numbers, the lower half first.
 */
export function keysOf(rows: readonly { readonly requestId: string; readonly rowIndex: number }[]): Uint32Array {
  const keys = new Uint32Array(2 * rows.length);
  for (let at = 0; at < rows.length; at++) {
    // A text of bytes costs half of what a buffer does.
    const digest = hash("sha256", `${rows[at].rowIndex} ${rows[at].requestId}`, "binary");
    keys[2 * at] = wordOf(digest, 0);
    keys[2 * at + 1] = wordOf(digest, 4);
  }
  return keys;
}

const wordOf = (bytes: string, at: number): number => bytes.charCodeAt(at) | (bytes.charCodeAt(at + 1) << 8) | (bytes.charCodeAt(at + 2) << 16) | (bytes.charCodeAt(at + 3) << 24);

/** Which of two keys is the smaller: below 0 the first one. */
export const compareKeys = (a: Uint32Array, i: number, b: Uint32Array, j: number): number => a[2 * i + 1] - b[2 * j + 1] || a[2 * i] - b[2 * j];

/** The places of keys in ascending order. */
export const inKeyOrder = (keys: Uint32Array): Uint32Array => Uint32Array.from({ length: keys.length / 2 }, (_, place) => place).sort((a, b) => compareKeys(keys, a, keys, b));

/**
 * Hands out where sorted keys have the same keys as others: `wanted` in the order of `order`. Few are looked up one by one, many are gone through side by side.
 */
export function eachMatch(keys: Uint32Array, wanted: Uint32Array, order: Uint32Array, take: (place: number, at: number) => void): void {
  const n = keys.length / 2;
  const few = order.length * Math.log2(n + 1) < n;
  let at = 0;
  for (const place of order) {
    if (few) at = firstNotBelow(keys, wanted, place, at, n);
    else while (at < n && compareKeys(keys, at, wanted, place) < 0) at += 1;
    for (let same = at; same < n && compareKeys(keys, same, wanted, place) === 0; same++) take(place, same);
  }
}

function firstNotBelow(keys: Uint32Array, wanted: Uint32Array, place: number, from: number, until: number): number {
  let [low, high] = [from, until];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys, middle, wanted, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
