import { hash } from "node:crypto";

/** A row of a request: 64 bits of a digest of its request id and place, as two numbers, the lower half first. */
export function keyOf({ requestId, rowIndex }: { readonly requestId: string; readonly rowIndex: number }): readonly [number, number] {
  const digest = hash("sha256", `${rowIndex} ${requestId}`, "buffer");
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

/** The keys of rows, as runs hold them. */
export function keysOf(rows: readonly { readonly requestId: string; readonly rowIndex: number }[]): Uint32Array {
  const keys = new Uint32Array(2 * rows.length);
  for (const [at, row] of rows.entries()) keys.set(keyOf(row), 2 * at);
  return keys;
}

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
