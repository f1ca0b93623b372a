/** A stream of random numbers in [0, 1) that repeats for the same seed. */
export type Random = () => number;

/** sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, seeded by one integer and stirred twelve times. */
export class RandomStream {
  #a: number;
  #b: number;
  #c = 0x9e3779b9 | 0;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.skip(12);
  }

  /** A number in [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** Passes over numbers. */
  skip(count: number): void {
    this.#draw(count, undefined);
  }

  /** Draws as many places of `counts` as it has, with replacement, and counts each one: ⌊number × places⌋ is the place. */
  countDraws(counts: Int32Array): void {
    this.#draw(counts.length, counts);
  }

  /** As `next`, many times, with the state at hand. */
  #draw(count: number, counts: Int32Array | undefined): void {
    let [a, b, c, counter] = [this.#a, this.#b, this.#c, this.#counter];
    const into = counts ?? new Int32Array(1);
    // A power of two changes no digit, so this is ⌊number × places⌋.
    const scale = (counts?.length ?? 0) / 2 ** 32;
    for (let draw = 0; draw < count; draw++) {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      into[((sum >>> 0) * scale) | 0]++;
    }
    [this.#a, this.#b, this.#c, this.#counter] = [a, b, c, counter];
  }
}

export function seededRandom(seed: number): Random {
  const stream = new RandomStream(seed);
  return () => stream.next();
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
