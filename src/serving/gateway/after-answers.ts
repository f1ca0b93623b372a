/** Work that an answer does not wait for: it begins in the next turn of the event loop, all of one turn together. */
export class AfterAnswers {
  readonly #onError: (error: unknown) => void;
  #next: (() => Promise<void>)[] = [];
  #underWay = 0;
  #settled: PromiseWithResolvers<void> | undefined;

  /** `onError` is told what work fails with. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  add(work: () => Promise<void>): void {
    this.#underWay++;
    if (this.#next.push(work) === 1) setImmediate(() => this.#begin());
  }

  /** Resolves when no work is left. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    this.#settled ??= Promise.withResolvers();
    return this.#settled.promise;
  }

  #begin(): void {
    const works = this.#next;
    this.#next = [];
    for (const work of works) void this.#do(work);
  }

  async #do(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#onError(error);
    } finally {
      if (--this.#underWay === 0) {
        this.#settled?.resolve();
        this.#settled = undefined;
      }
    }
  }
}
