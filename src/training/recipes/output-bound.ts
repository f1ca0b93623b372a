/** What is let through at once, and what is kept of the end where there is more, in characters. */
const [mostPassed, tailKept] = [4 << 20, 16 << 10];

/** The output of a program, bounded: its beginning as it comes, and, where that is too much, its end when it has ended. */
export class OutputBound {
  readonly #pass: (text: string) => void;
  #passed = 0;
  #left = 0;
  #tail = "";

  constructor(pass: (text: string) => void) {
    this.#pass = pass;
  }

  add(text: string): void {
    this.#tail = (this.#tail + text).slice(-tailKept);
    const room = mostPassed - this.#passed;
    if (room > 0) this.#pass(text.slice(0, room));
    this.#passed += Math.min(room, text.length);
    this.#left += Math.max(0, text.length - room);
  }

  /** The last lines, at most 16 Ki characters of them. */
  get tail(): string {
    return this.#tail;
  }

  end(): void {
    if (this.#left === 0) return;
    const shown = Math.min(this.#left, this.#tail.length);
    if (this.#left > shown) this.#pass(`\n[… ${this.#left - shown} characters are left out here …]\n`);
    this.#pass(this.#tail.slice(-shown));
  }
}
