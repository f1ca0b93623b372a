/** A number of events and the nanoseconds they took together. */
export interface CountAndTime {
  readonly count: number;
  readonly ns: number;
}

/** What one version of an endpoint did since the gateway started. */
export interface ModelStatistics {
  /** Milliseconds since 1970 of the last inference; 0 before the first. */
  readonly lastInference: number;
  /** Rows scored, and runs of the model that scored them. */
  readonly inferenceCount: number;
  readonly executionCount: number;
  /** Requests answered, requests that failed; from receipt to answer. */
  readonly success: CountAndTime;
  readonly fail: CountAndTime;
  /** Of the failed: those in which the request was wrong. */
  readonly invalid: number;
  /** Per request: waiting for an instance; fitting inputs; the run of its batch; taking its outputs apart. */
  readonly queue: CountAndTime;
  readonly computeInput: CountAndTime;
  readonly computeInfer: CountAndTime;
  readonly computeOutput: CountAndTime;
  /** Runs by the rows they scored. */
  readonly batches: ReadonlyMap<number, CountAndTime>;
}

/** A count that grows; one request is one event of `milliseconds`. */
class Tally implements CountAndTime {
  count = 0;
  ns = 0;

  add(milliseconds: number): void {
    this.count++;
    this.ns += Math.round(milliseconds * 1e6);
  }
}

/** Runs of one model by the rows they scored. */
export class BatchCounts {
  readonly sizes = new Map<number, Tally>();

  add(rows: number, runMs: number): void {
    let tally = this.sizes.get(rows);
    if (!tally) this.sizes.set(rows, (tally = new Tally()));
    tally.add(runMs);
  }
}

/** Milliseconds of the phases of one request. */
export interface Phases {
  readonly inputMs: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly outputMs: number;
}

/** The counts of one version of an endpoint. */
export class VersionCounts {
  readonly success = new Tally();
  readonly fail = new Tally();
  readonly queue = new Tally();
  readonly computeInput = new Tally();
  readonly computeInfer = new Tally();
  readonly computeOutput = new Tally();
  invalid = 0;
  lastInference = 0;
  inferenceCount = 0;

  succeeded(rows: number, { inputMs, queueMs, runMs, outputMs }: Phases): void {
    this.success.add(inputMs + queueMs + runMs + outputMs);
    this.computeInput.add(inputMs);
    this.queue.add(queueMs);
    this.computeInfer.add(runMs);
    this.computeOutput.add(outputMs);
    this.inferenceCount += rows;
    this.lastInference = Date.now();
  }

  failed(milliseconds: number): void {
    this.fail.add(milliseconds);
  }

  /** What they come to, with the runs of the model in memory now. */
  statistics(batches: BatchCounts | undefined): ModelStatistics {
    const sizes = batches?.sizes ?? new Map<number, Tally>();
    const { success, fail, invalid, queue, computeInput, computeInfer, computeOutput, lastInference, inferenceCount } = this;
    const executionCount = [...sizes.values()].reduce((sum, { count }) => sum + count, 0);
    return { success, fail, invalid, queue, computeInput, computeInfer, computeOutput, lastInference, inferenceCount, executionCount, batches: sizes };
  }
}

const sum = (a: CountAndTime, b: CountAndTime): CountAndTime => ({ count: a.count + b.count, ns: a.ns + b.ns });

/** What two variants of one version did together; their runs are those of one model in memory. */
export const together = (a: ModelStatistics, b: ModelStatistics): ModelStatistics => ({
  lastInference: Math.max(a.lastInference, b.lastInference),
  inferenceCount: a.inferenceCount + b.inferenceCount,
  executionCount: a.executionCount,
  success: sum(a.success, b.success),
  fail: sum(a.fail, b.fail),
  invalid: a.invalid + b.invalid,
  queue: sum(a.queue, b.queue),
  computeInput: sum(a.computeInput, b.computeInput),
  computeInfer: sum(a.computeInfer, b.computeInfer),
  computeOutput: sum(a.computeOutput, b.computeOutput),
  batches: a.batches,
});
