/** Below this many the engine's own sort is as fast. */
const fewest = 4096;
/** Of each half of a double, from the lowest on: digits of 11, 11 and 10 bits, whose counters fit the fastest cache. */
const shifts = [0, 11, 22];
const digits = 6;
const digitSize = 1 << 11;
const digitMask = digitSize - 1;

/** How often each value of each digit comes, digit by digit. */
function countDigits(halves: Uint32Array): Int32Array {
  const counts = new Int32Array(digits * digitSize);
  for (let at = 0; at < halves.length; at += 2) {
    const [low, high] = [halves[at], halves[at + 1]];
    counts[low & digitMask]++;
    counts[digitSize + ((low >>> 11) & digitMask)]++;
    counts[2 * digitSize + (low >>> 22)]++;
    counts[3 * digitSize + (high & digitMask)]++;
    counts[4 * digitSize + ((high >>> 11) & digitMask)]++;
    counts[5 * digitSize + (high >>> 22)]++;
  }
  return counts;
}

/** Where the first number of each value of a digit goes; undefined where all have the same. */
function placesOf(counts: Int32Array, digit: number, size: number): Int32Array | undefined {
  const places = counts.subarray(digit * digitSize, (digit + 1) * digitSize);
  let start = 0;
  for (let one = 0; one < digitSize; one++) {
    const count = places[one];
    if (count === size) return undefined;
    places[one] = start;
    start += count;
  }
  return places;
}

/**
 * Numbers without NaN in ascending order (−0 before 0), in an array of their own: radix sort from the lowest digit, several times as fast as comparing. By
 * their bits positive numbers come first, then negative ones from the smallest size on, which are turned round at the end.
 */
export function sortedNumbers(values: Float64Array): Float64Array {
  if (values.length < fewest) return values.slice().sort();
  let from = new Float64Array(values);
  let into = new Float64Array(from.length);
  const counts = countDigits(new Uint32Array(from.buffer));
  const negative = negativeOf(counts, from.length);
  for (let digit = 0; digit < digits; digit++) {
    const places = placesOf(counts, digit, from.length);
    if (!places) continue;
    const [half, shift] = [digit < 3 ? 0 : 1, shifts[digit % 3]];
    const halves = new Uint32Array(from.buffer);
    for (let at = 0; at < from.length; at++) into[places[(halves[2 * at + half] >>> shift) & digitMask]++] = from[at];
    [from, into] = [into, from];
  }
  const positive = from.length - negative;
  into.set(from.subarray(positive).reverse());
  into.set(from.subarray(0, positive), negative);
  return into;
}

/** How many numbers have a sign, by the counts of their highest digit. */
function negativeOf(counts: Int32Array, size: number): number {
  let positive = 0;
  for (let one = 0; one < 1 << 9; one++) positive += counts[5 * digitSize + one];
  return size - positive;
}

/** The places of numbers without NaN in ascending order of the numbers; equal ones (−0 is 0) keep their order. */
export function orderOfNumbers(values: Float64Array): Uint32Array {
  const places = new Uint32Array(values.length);
  for (let at = 0; at < places.length; at++) places[at] = at;
  if (values.length < fewest) return places.sort((one, other) => values[one] - values[other]);
  const keys = new Float64Array(values.length);
  for (let at = 0; at < keys.length; at++) keys[at] = values[at] + 0;
  const halves = new Uint32Array(keys.buffer);
  const counts = countDigits(halves);
  const negative = negativeOf(counts, keys.length);
  let [from, into] = [places, new Uint32Array(places.length)];
  for (let digit = 0; digit < digits; digit++) {
    const next = placesOf(counts, digit, keys.length);
    if (!next) continue;
    const [half, shift] = [digit < 3 ? 0 : 1, shifts[digit % 3]];
    for (let at = 0; at < from.length; at++) into[next[(halves[2 * from[at] + half] >>> shift) & digitMask]++] = from[at];
    [from, into] = [into, from];
  }
  const positive = from.length - negative;
  into.set(from.subarray(positive).reverse());
  into.set(from.subarray(0, positive), negative);
  // Turned round, equal negative numbers stand in the wrong order.
  for (let start = 0, end: number; start < negative; start = end) {
    end = start + 1;
    while (end < negative && keys[into[end]] === keys[into[start]]) end++;
    if (end - start > 1) into.subarray(start, end).reverse();
  }
  return into;
}

/** How many different numbers there are, NaN apart; −0 is 0. */
export function distinctNumbers(values: Float64Array): number {
  const present = new Float64Array(values.length);
  let count = 0;
  for (let row = 0; row < values.length; row++) if (values[row] === values[row]) present[count++] = values[row];
  const sorted = sortedNumbers(present.subarray(0, count));
  let distinct = count === 0 ? 0 : 1;
  for (let at = 1; at < count; at++) if (sorted[at] !== sorted[at - 1]) distinct++;
  return distinct;
}
