/** A stream of random numbers in [0, 1) that repeats for the same seed. */
export type Random = () => number;

/** sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, seeded by one integer and stirred twelve times. */
export function seededRandom(seed: number): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Moves `count` items of `items`, drawn without replacement, to its front (Fisher-Yates, stopped early). */
export function drawToFront(items: Int32Array, count: number, random: Random): void {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (items.length - i));
    const drawn = items[j];
    items[j] = items[i];
    items[i] = drawn;
  }
}
