const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

/**
 * For each row a digest of 64 bits of its inputs, value by value in their order: two chains of MurmurHash3's mixing steps (Appleby, public domain) with
 * constants of their own. It tells rows of one request id apart; it is no defence against somebody who looks for two rows with the same one.
 */
export class RowDigest {
  /** Lower and upper word of each row. */
  readonly words: Int32Array;

  constructor(rows: number) {
    this.words = new Int32Array(rows * 2).fill(0x5bd1e995);
  }

  /** Adds a number; all that are missing are alike, and so are 0 and −0. */
  number(row: number, value: number): void {
    scratch[0] = value + 0;
    if (value !== value) scratchWords.fill(-1);
    this.#word(row, scratchWords[0]);
    this.#word(row, scratchWords[1]);
  }

  /** Adds the bytes of a text from `start` to `end`, with their number, so that where one text ends counts. */
  bytes(row: number, source: Buffer, start: number, end: number): void {
    this.#word(row, end - start);
    let at = start;
    for (; at + 4 <= end; at += 4) this.#word(row, source.readInt32LE(at));
    if (at < end) this.#word(row, source.readUIntLE(at, end - at));
  }

  #word(row: number, word: number): void {
    const { words } = this;
    words[2 * row] = mix(words[2 * row], word, 0xcc9e2d51, 0x1b873593);
    words[2 * row + 1] = mix(words[2 * row + 1], word ^ words[2 * row], 0x239b961b, 0xab0e9789);
  }
}

function mix(state: number, word: number, first: number, second: number): number {
  let bits = Math.imul(word, first);
  bits = Math.imul((bits << 15) | (bits >>> 17), second);
  const mixed = state ^ bits;
  return Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0x1234567;
}
