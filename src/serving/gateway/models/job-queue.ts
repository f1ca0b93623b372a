import type { Params } from "../runtimes/runtime.ts";
import type { Tensor } from "../tensors/tensor.ts";

/** The outputs of a request, how long it waited for an instance, and how long its run took. */
export interface ScoredBatch {
  readonly outputs: readonly Tensor[];
  readonly queueMs: number;
  readonly runMs: number;
}

/** A request that waits for its answer. */
export interface Job {
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  /** Only jobs of one shape are run together, and none that has params. */
  readonly shape: string;
  readonly params: Params | undefined;
  /** 1 goes first; 0 is behind all others. */
  readonly priority: number;
  /** When it came, and when nobody wants its answer any more, on the clock of performance.now(). */
  readonly since: number;
  readonly deadline: number;
  /** In a batch that runs. */
  running: boolean;
  /** Answered, failed, late or given up by its client: nobody waits for it. */
  settled: boolean;
  /** Ends it at its own deadline. */
  timer: NodeJS.Timeout | undefined;
  readonly resolve: (scored: ScoredBatch) => void;
  readonly reject: (error: unknown) => void;
}

/** Levels stay once they were asked for: beyond this number priorities are one, so that clients cannot make millions. */
const lowestPriority = 256;

/** Jobs by priority, those of one priority in the order in which they came. */
export class JobQueue {
  /** In the order in which they are served. */
  readonly #levels: { readonly priority: number; jobs: Job[]; head: number }[] = [];
  rows = 0;
  length = 0;

  push(job: Job): void {
    const asked = Math.min(job.priority, lowestPriority);
    let level = this.#levels.find(({ priority }) => priority === asked);
    if (!level) {
      level = { priority: asked, jobs: [], head: 0 };
      this.#levels.push(level);
      const rank = (priority: number) => (priority === 0 ? Infinity : priority);
      this.#levels.sort((a, b) => rank(a.priority) - rank(b.priority));
    }
    level.jobs.push(job);
    this.rows += job.rows;
    this.length++;
  }

  /** The job that is served next; those that are settled already are forgotten. */
  first(): Job | undefined {
    for (const level of this.#levels) {
      while (level.head < level.jobs.length) {
        const job = level.jobs[level.head];
        if (!job.settled) return job;
        level.head++; // its rows went when it was settled
        this.#shrink(level);
      }
    }
    return undefined;
  }

  /** Takes out the job that `first` gave. */
  shift(): void {
    for (const level of this.#levels) {
      if (level.head === level.jobs.length) continue;
      const job = level.jobs[level.head++];
      this.#shrink(level);
      this.forget(job);
      return;
    }
  }

  /** Counts a job no more that was settled while it waited. */
  forget(job: Job): void {
    this.rows -= job.rows;
    this.length--;
  }

  #shrink(level: { jobs: Job[]; head: number }): void {
    if (level.head === level.jobs.length) {
      level.jobs = [];
      level.head = 0;
    } else if (level.head >= 1024) {
      level.jobs.splice(0, level.head);
      level.head = 0;
    }
  }
}
