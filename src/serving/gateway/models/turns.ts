/** One who takes turns: a model, with the time it has had. */
export interface Turntaker {
  /** Milliseconds of runs over the weight, so that the one with the least goes next. */
  used: number;
  readonly weight: number;
}

interface Waiting {
  readonly taker: Turntaker;
  readonly start: () => void;
}

/**
 * Shares places to run (the I/O thread, the cores) fairly between models by start-time fair queueing (Goyal, Vin, Cheng,
 * SIGCOMM 1996): while more want to run than may, the one that has had the least time for its weight goes first. Who has
 * been idle begins where the others are, so that it can neither save up time nor is it made to catch up.
 */
export class Turns {
  readonly #places: number;
  #taken = 0;
  /** Virtual time: where the one that was started last stood. */
  #now = 0;
  readonly #waiting: Waiting[] = [];

  constructor(places: number) {
    this.#places = places;
  }

  /** Calls `start` when it is the taker's turn, perhaps at once; each turn needs its `end`. */
  take(taker: Turntaker, start: () => void): void {
    taker.used = Math.max(taker.used, this.#now);
    if (this.#taken < this.#places) this.#start({ taker, start });
    else this.#waiting.push({ taker, start });
  }

  /** Ends a turn that took so many milliseconds. */
  end(taker: Turntaker, milliseconds: number): void {
    taker.used += milliseconds / taker.weight;
    this.#taken--;
    if (this.#waiting.length === 0) return;
    let next = 0;
    for (let i = 1; i < this.#waiting.length; i++) if (this.#waiting[i].taker.used < this.#waiting[next].taker.used) next = i;
    this.#start(this.#waiting.splice(next, 1)[0]);
  }

  #start({ taker, start }: Waiting): void {
    this.#taken++;
    this.#now = Math.max(this.#now, taker.used);
    start();
  }
}
