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
 * used longest ago first. Pinned ones stay.
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
      const movable = [...this.#residents].filter((resident) => resident.loaded && !resident.pinned && !keep.has(resident));
      const most = movable.reduce((sum, resident) => sum + resident.bytes, 0);
      if (this.used - most - this.#reserved + bytes > limit) throw noMemory(507, bytes, limit, "the models that must stay leave less");
      const victim = movable.filter((resident) => resident.evictable).reduce<ResidentModel | undefined>((oldest, one) => (oldest && oldest.usage.lastUsed <= one.usage.lastUsed ? oldest : one), undefined);
      if (victim) {
        await victim.evict();
        this.#options.onEvict();
      } else if (!(await this.#idle(deadline - performance.now()))) {
        throw noMemory(503, bytes, limit, "those in memory are in use; try again later");
      }
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

  /** Resolves with true when something may have changed, with false after `patienceMs`. */
  #idle(patienceMs: number): Promise<boolean> {
    if (patienceMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (woken: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(woken);
      };
      const wake = () => end(true);
      const timer = setTimeout(end, patienceMs, false);
      this.#waiting.add(wake);
    });
  }
}

const noMemory = (status: number, bytes: number, limit: number, why: string) =>
  new MillraceError(
    "serving.no_memory",
    status,
    `There is no room for a model of about ${mebibytes(bytes)}: models may take ${mebibytes(limit)} together (--memory-limit), and ${why}.`,
  );

const mebibytes = (bytes: number): string => (bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`);
