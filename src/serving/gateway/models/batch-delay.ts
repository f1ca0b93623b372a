/** Batches whose requests are averaged before delays are compared; the first few still show the delay before. */
const epochBatches = 24;
const settlingBatches = 4;
/** Another delay must make a request this much faster to be taken. */
const worthwhile = 0.95;
/** Fewer requests a batch come one after the other: none would wait for another. */
const leastTogether = 1.5;
/** Epochs between two trials at most; doubled from one with each round of trials that did not help. */
const longestRest = 64;

/**
 * How long a batch of one model best waits for more requests, learned from its own: now and then a longer or shorter wait
 * is tried for an epoch of batches, and kept where the mean time of a request, from its arrival to its answer, became shorter. For
 * clients that ask again when they are answered, a shorter time is also more throughput (Little's law). A batch waits at
 * most until as many requests have come as waited or were answered when the last one ended: those can be expected. Requests
 * that come one at a time, or models faster than the timer, never wait.
 */
export class BatchDelay {
  /** 0, or 1 more than the exponent of two of the milliseconds. */
  #level = 0;
  #trial: number | undefined;
  /** Mean milliseconds of a request in the last epoch without a trial. */
  #usual = Infinity;
  #rest = 0;
  #patience = 1;
  /** The level tried last. */
  #tried = 0;
  /** Of this epoch. */
  #batches = 0;
  #requests = 0;
  #requestMs = 0;
  #runMs = 0;
  #expected = 0;

  /** Milliseconds that the next batch may wait, since its first request came and the last batch ended. */
  get ms(): number {
    const level = this.#trial ?? this.#level;
    return level === 0 ? 0 : 2 ** (level - 1);
  }

  /** Whether the requests that wait are as many as can be expected. */
  enough(requests: number): boolean {
    return requests >= this.#expected;
  }

  /** Tells of a batch that ran for `runMs`: its requests, how long they took together from their arrival, and how many others wait at its end. */
  ran(requests: number, requestMs: number, runMs: number, waiting: number): void {
    this.#expected = requests + waiting;
    if (++this.#batches <= settlingBatches) return;
    this.#requests += requests;
    this.#requestMs += requestMs;
    this.#runMs += runMs;
    if (this.#batches === epochBatches) this.#endEpoch();
  }

  #endEpoch(): void {
    const counted = epochBatches - settlingBatches;
    const mean = this.#requestMs / this.#requests;
    const runMs = this.#runMs / counted;
    const together = this.#requests / counted;
    this.#batches = this.#requests = this.#requestMs = this.#runMs = 0;
    if (together < leastTogether || runMs < 1) {
      this.#level = this.#tried = this.#rest = 0;
      this.#trial = undefined;
      this.#patience = 1;
    } else if (this.#trial === undefined) {
      this.#usual = mean;
      if (++this.#rest >= this.#patience) this.#try(runMs);
    } else if (mean < this.#usual * worthwhile) {
      this.#level = this.#trial;
      this.#usual = mean;
      this.#patience = 1;
      this.#try(runMs);
    } else {
      this.#trial = undefined;
    }
  }

  /** The next level in turn, up to a run's length: beyond it the instance would rather run. */
  #try(runMs: number): void {
    const most = 1 + Math.floor(Math.log2(runMs));
    this.#rest = 0;
    do {
      this.#tried++;
      if (this.#tried > most) {
        this.#tried = 0;
        this.#patience = Math.min(this.#patience * 2, longestRest);
      }
    } while (this.#tried === this.#level);
    this.#trial = this.#tried;
  }
}
