import { MillraceError } from "../../../errors.ts";
import type { ResidentModel } from "./resident-model.ts";

interface BudgetOptions {
  /** Bytes that models may take together. */
  readonly limit: number;
  /** How long a load waits for others to end their requests. */
  readonly patienceMs: number;
  /** Told of every model that was put out of memory to make room. */
  readonly onEvict: () => void;
}

/**
 * Keeps the models within a limit of memory: to make room for one, those that nobody needs now leave, the one that was
 * used longest ago first. Where all are in use they take turns. Pinned ones stay.
 */
export class MemoryBudget {
  readonly #options: BudgetOptions;
  readonly #residents = new Set<ResidentModel>();
  readonly #waiting = new Set<() => void>();
  #reserved = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Bytes of the models in memory and of those being loaded. */
  get used(): number {
    let sum = this.#reserved;
    for (const resident of this.#residents) sum += resident.bytes;
    return sum;
  }

  add(resident: ResidentModel): void {
    this.#residents.add(resident);
    resident.usage.onIdle(() => this.#wake());
  }

  remove(resident: ResidentModel): void {
    this.#residents.delete(resident);
    this.#wake();
  }

  /**
   * Makes room for `bytes` and keeps it until the returned function is called, when the model itself is counted. What is
   * in `keep` stays. Fails with `serving.no_memory` (507) when there is no way to make the room, or (503) when those
   * that would have to leave are in use for too long.
   */
  async reserve(bytes: number, keep: ReadonlySet<ResidentModel | undefined>): Promise<() => void> {
    const { limit, patienceMs } = this.#options;
    const deadline = performance.now() + patienceMs;
    while (this.used + bytes > limit) {
      const movable = [...this.#residents].filter((resident) => resident.bytes > 0 && !resident.pinned && !keep.has(resident));
      const most = movable.reduce((sum, resident) => sum + resident.bytes, 0);
      if (this.used - most - this.#reserved + bytes > limit) throw noMemory(507, bytes, limit, "the models that must stay leave less");
      const victim = least(movable.filter((resident) => resident.idle), ({ usage }) => usage.lastUsed) ?? this.#longest(movable);
      const left = deadline - performance.now();
      if (victim) {
        if (!(await this.#within(victim.yield(), left))) throw inUse(bytes, limit);
        this.#options.onEvict();
      } else if (left <= 0) throw inUse(bytes, limit);
      else await this.#change(Math.min(left, residenceMs));
    }
    this.#reserved += bytes;
    return () => {
      this.#reserved -= bytes;
      this.#wake();
    };
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Where all are in use: the one that has had its time in memory, so that busy models take turns. */
  #longest(movable: readonly ResidentModel[]): ResidentModel | undefined {
    const longest = least(movable, ({ loadedAt }) => loadedAt);
    return longest && performance.now() - longest.loadedAt >= residenceMs ? longest : undefined;
  }

  /** Whether `done` comes before the time is up. */
  async #within(done: Promise<void>, milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, Math.max(0, milliseconds), false)));
    try {
      return await Promise.race([done.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when something may have changed, or the time is up. */
  async #change(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    await this.#within(promise, milliseconds);
    this.#waiting.delete(resolve);
  }
}

/** Time in memory that a model gets before a busy one has to make room for another. */
const residenceMs = 100;

function least(residents: readonly ResidentModel[], of: (resident: ResidentModel) => number): ResidentModel | undefined {
  return residents.reduce<ResidentModel | undefined>((best, one) => (best && of(best) <= of(one) ? best : one), undefined);
}

const inUse = (bytes: number, limit: number) => noMemory(503, bytes, limit, "those in memory are in use; try again later");
const noMemory = (status: number, bytes: number, limit: number, why: string) =>
  new MillraceError(
    "serving.no_memory",
    status,
    `There is no room for a model of about ${mebibytes(bytes)}: models may take ${mebibytes(limit)} together (--memory-limit), and ${why}.`,
  );

const mebibytes = (bytes: number): string => (bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`);
