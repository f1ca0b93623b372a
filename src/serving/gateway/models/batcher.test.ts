import * as fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { MillraceError } from "../../../errors.ts";
import { rowsOf } from "../fixtures/tensors.ts";
import { BatchSize } from "./batch-size.ts";
import { Batcher, defaultBatchLimits } from "./batcher.ts";
import { Turns } from "./turns.ts";
import type { Model } from "../runtimes/runtime.ts";
import type { Tensor } from "../tensors/tensor.ts";

/** Doubles numbers and echoes strings; notes the rows of each run; fails on a negative number. */
function doubling(): { model: Model; runs: number[] } {
  const runs: number[] = [];
  const model: Model = {
    platform: "test",
    inputs: [
      { name: "x", datatype: "FP32", shape: [-1, 2] },
      { name: "s", datatype: "BYTES", shape: [-1, 1] },
    ],
    outputs: [
      { name: "y", datatype: "FP32", shape: [-1, 2] },
      { name: "t", datatype: "BYTES", shape: [-1, 1] },
    ],
    classes: undefined,
    rowwise: true,
    independentRows: true,
    concurrency: 1,
    memoryBytes: 0,
    healthy: () => true,
    run: async ([x, s]) => {
      runs.push(x.shape[0]);
      if ((x.data as Float32Array).some((value) => value < 0)) throw new Error("a negative number");
      return [
        { ...x, name: "y", data: (x.data as Float32Array).map((value) => value * 2) },
        { ...s, name: "t" },
      ];
    },
    release: async () => undefined,
  };
  return { model, runs };
}

const turns = () => ({ inline: new Turns(1), threads: new Turns(2) });

const columns = (...rows: number[]): Tensor[] => [
  rowsOf("x", rows.length, Float32Array.from(rows.flatMap((r) => [r, r + 0.5]))),
  rowsOf("s", rows.length, rows.map(String)),
];

describe("batcher", () => {
  test("requests of one turn are run together and each gets its own rows", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(1000), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 40 }),
        async (requests) => {
          const { model, runs } = doubling();
          const batcher = new Batcher(model, { ...defaultBatchLimits, batchRows: 8, mostBatchRows: 8 }, turns(), () => undefined);
          const answers = await Promise.all(requests.map((rows) => batcher.score(rows.length, columns(...rows))));
          for (const [index, { outputs: [y, t] }] of answers.entries()) {
            expect([...y.data]).toEqual(requests[index].flatMap((r) => [2 * r, 2 * r + 1]));
            expect(t.data).toEqual(requests[index].map(String));
          }
          expect(runs.reduce((sum, rows) => sum + rows, 0)).toBe(requests.flat().length);
        },
      ),
    );
  });

  test("batches are filled up to their limit", async () => {
    const { model, runs } = doubling();
    const batcher = new Batcher(model, defaultBatchLimits, turns(), () => undefined);
    await Promise.all(Array.from({ length: 130 }, (_, i) => batcher.score(1, columns(i))));
    expect(runs).toEqual([64, 64, 2]);
  });

  test("a request with params is run by itself, with them; it waits in the queue as others do", async () => {
    const { model, runs } = doubling();
    const given: unknown[] = [];
    const noting: Model = { ...model, run: (inputs, options) => (given.push(options?.params), model.run(inputs, options)) };
    const batcher = new Batcher(noting, { ...defaultBatchLimits, waitingRows: 4 }, turns(), () => undefined);
    const params = [undefined, undefined, { factor: 2 }, undefined];
    const answers = params.map((one, i) => batcher.score(1, columns(i), { params: one }));
    await expect(batcher.score(1, columns(9), { params: {} })).rejects.toMatchObject({ status: 429 });
    await Promise.all(answers);
    expect([runs, given]).toEqual([[2, 1, 1], [undefined, { factor: 2 }, undefined]]);
  });

  test("in the I/O thread no batch is longer than half a millisecond or so, once it is known what a row takes", async () => {
    const { model, runs } = doubling();
    const busy = (milliseconds: number) => {
      for (const end = performance.now() + milliseconds; performance.now() < end;);
    };
    const slow: Model = { ...model, inline: true, run: (inputs) => (busy(0.1 * inputs[0].shape[0]), model.run(inputs)) };
    const batcher = new Batcher(slow, defaultBatchLimits, turns(), () => undefined);
    await Promise.all(Array.from({ length: 200 }, (_, i) => batcher.score(1, columns(i))));
    expect(runs[0]).toBe(64);
    expect(Math.max(...runs.slice(1))).toBeLessThanOrEqual(5);
  });

  test.each<[string, Partial<Model>, boolean | undefined, number[]]>([
    ["independent", {}, undefined, [2, 2, 2, 1]],
    ["not known to be independent", { independentRows: false }, undefined, [1, 1, 5]],
    ["independent, and an operator will not have it", {}, false, [1, 1, 5]],
    ["not known to be independent, and an operator vouches for them", { independentRows: false }, true, [2, 2, 2, 1]],
    ["none, whatever an operator says", { rowwise: false, independentRows: false }, true, [1, 1, 5]],
  ])("requests are merged, and one of many rows is cut, only where rows are independent: %s", async (_, more, merge, expected) => {
    const { model, runs } = doubling();
    const limits = { ...defaultBatchLimits, batchRows: 2, mostBatchRows: 2, ...(merge !== undefined && { merge }) };
    const batcher = new Batcher({ ...model, ...more }, limits, turns(), () => undefined);
    const answers = await Promise.all([columns(7), columns(8), columns(1, 2, 3, 4, 5)].map((inputs) => batcher.score(inputs[0].shape[0], inputs)));
    expect(answers.map(({ outputs }) => [...outputs[1].data])).toEqual([["7"], ["8"], ["1", "2", "3", "4", "5"]]);
    expect([runs.toSorted((a, b) => a - b), runs.reduce((all, one) => all + one, 0)]).toEqual([expected.toSorted((a, b) => a - b), 7]);
  });

  test("nobody waits for others where requests are not merged", () => {
    const { model } = doubling();
    const limits = { ...defaultBatchLimits, delayMs: 5 };
    expect(new Batcher(model, limits, turns(), () => undefined).delayMs).toBe(5);
    expect(new Batcher({ ...model, independentRows: false }, limits, turns(), () => undefined).delayMs).toBe(0);
  });

  test("a first batch that was interrupted does not keep later ones small", async () => {
    const { model, runs } = doubling();
    const interrupted = (milliseconds: number) => {
      for (const end = performance.now() + milliseconds; performance.now() < end;);
    };
    const first: Model = { ...model, inline: true, run: (inputs) => (runs.length === 0 && interrupted(50), model.run(inputs)) };
    const batcher = new Batcher(first, defaultBatchLimits, turns(), () => undefined);
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 64 }, (_, i) => batcher.score(1, columns(i))));
    expect([runs[0], Math.max(...runs.slice(1)) >= 8]).toEqual([64, true]);
  });

  test("a request that fails does not fail those it was run with", async () => {
    const { model } = doubling();
    const batcher = new Batcher(model, defaultBatchLimits, turns(), () => undefined);
    const [good, bad, other] = await Promise.allSettled([1, -5, 3].map((x) => batcher.score(1, columns(x))));
    expect(bad).toMatchObject({ status: "rejected", reason: new Error("a negative number") });
    expect(good).toMatchObject({ status: "fulfilled" });
    expect(other).toMatchObject({ status: "fulfilled" });
  });

  test("more rows waiting than allowed are refused with 429, and a large request alone is not", async () => {
    const { model } = doubling();
    const batcher = new Batcher(model, { ...defaultBatchLimits, batchRows: 2, mostBatchRows: 2, waitingRows: 3 }, turns(), () => undefined);
    const large = batcher.score(5, columns(1, 2, 3, 4, 5));
    await expect(batcher.score(1, columns(1))).rejects.toMatchObject({ status: 429, code: "serving.overloaded" });
    expect((await large).outputs[0].data).toHaveLength(10);
    await expect(batcher.score(1, columns(1))).resolves.toMatchObject({ outputs: [{}, {}] });
  });

  /** A model whose runs end when the test says so. */
  function stepwise(more: Partial<Model> = {}) {
    const runs: { rows: number[]; end: (failure?: Error) => void }[] = [];
    const started: (() => void)[] = [];
    const model: Model = {
      ...doubling().model,
      ...more,
      run: (inputs) =>
        new Promise((resolve, reject) => {
          const end = (failure?: Error) => (failure ? reject(failure) : resolve(inputs));
          runs.push({ rows: [...(inputs[0].data as Float32Array)].filter((_, i) => i % 2 === 0), end });
          started.shift()?.();
        }),
    };
    /** Resolves when one more run has begun. */
    const nextRun = () => new Promise<void>((resolve) => started.push(resolve));
    return { model, runs, nextRun };
  }

  const one = { ...defaultBatchLimits, batchRows: 1, mostBatchRows: 1 };

  test("what waits is served by priority, then in the order in which it came; 0 is last", async () => {
    const { model, runs, nextRun } = stepwise();
    const batcher = new Batcher(model, one, turns(), () => undefined);
    const begun = nextRun();
    const answers = [[0, 0], [1, 0], [2, 2], [3, 1], [4, 1]].map(([x, priority]) => batcher.score(1, columns(x), { priority }));
    await begun;
    for (let i = 0; i < 5; i++) {
      const next = nextRun();
      runs[i].end();
      if (i < 4) await next;
    }
    await Promise.all(answers);
    expect(runs.map(({ rows }) => rows[0])).toEqual([3, 4, 2, 0, 1]);
  });

  test("a request that is late fails with 504, waiting or running; its neighbours are answered and it is not run", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { model, runs, nextRun } = stepwise();
    const batcher = new Batcher(model, one, turns(), () => undefined);
    const begun = nextRun();
    const running = batcher.score(1, columns(1), { timeoutMs: 50 });
    const patient = batcher.score(1, columns(2));
    const waiting = batcher.score(1, columns(3), { timeoutMs: 20 });
    await begun;
    vi.advanceTimersByTime(20);
    await expect(waiting).rejects.toMatchObject({ status: 504, code: "serving.deadline_exceeded" });
    expect(batcher.waitingRows).toBe(1);
    vi.advanceTimersByTime(30);
    await expect(running).rejects.toMatchObject({ status: 504 });
    const next = nextRun();
    runs[0].end();
    await next;
    runs[1].end();
    await patient;
    expect(runs.map(({ rows }) => rows)).toEqual([[1], [2]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a client that gives up takes its request out of the queue", async () => {
    const { model, runs, nextRun } = stepwise();
    const batcher = new Batcher(model, one, turns(), () => undefined);
    const begun = nextRun();
    const first = batcher.score(1, columns(1));
    const client = new AbortController();
    const given = batcher.score(1, columns(2), { signal: () => client.signal });
    await begun;
    client.abort();
    await expect(given).rejects.toMatchObject({ status: 499 });
    await expect(batcher.score(1, columns(3), { signal: () => client.signal })).rejects.toMatchObject({ status: 499 });
    runs[0].end();
    await first;
    expect([runs.length, batcher.waitingRows]).toEqual([1, 0]);
  });

  test("as many runs as the model has instances, and requests of other shapes apart", async () => {
    const { model, runs, nextRun } = stepwise({ concurrency: 2 });
    const batcher = new Batcher(model, defaultBatchLimits, turns(), () => undefined);
    const both = Promise.all([nextRun(), nextRun()]);
    const wide = rowsOf("x", 1, Float32Array.of(9, 9, 9));
    const answers = [batcher.score(1, columns(1)), batcher.score(1, columns(2)), batcher.score(1, [wide, rowsOf("s", 1, ["w"])])];
    await both;
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2], [9, 9]]);
    for (const run of runs) run.end();
    await Promise.all(answers);
  });

  test("a model that is gone fails all of its batch at once, and is not asked again for each", async () => {
    const { model, runs, nextRun } = stepwise();
    const batcher = new Batcher(model, defaultBatchLimits, turns(), () => undefined);
    const begun = nextRun();
    const answers = Promise.allSettled([1, 2, 3].map((x) => batcher.score(1, columns(x))));
    await begun;
    runs[0].end(new MillraceError("serving.worker_died", 503, "gone"));
    expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(runs).toHaveLength(1);
  });

  test("with a delay, a batch waits for more until it is full or the delay is over", async () => {
    const { model, runs, nextRun } = stepwise();
    const batcher = new Batcher(model, { ...defaultBatchLimits, batchRows: 2, mostBatchRows: 2, delayMs: 5 }, turns(), () => undefined);
    const full = nextRun();
    const answers = [batcher.score(1, columns(1)), batcher.score(1, columns(2)), batcher.score(1, columns(3))];
    await full;
    const alone = nextRun();
    runs[0].end();
    await alone; // the delay of the third
    runs[1].end();
    await Promise.all(answers);
    expect(runs.map(({ rows }) => rows)).toEqual([[1, 2], [3]]);
  });
});

test("two models share a place by the time they take, three to one by their weights", () => {
  const place = new Turns(1);
  const takers = { slow: { used: 0, weight: 1 }, quick: { used: 0, weight: 1 }, heavy: { used: 0, weight: 3 } };
  const cost = { slow: 40, quick: 10, heavy: 10 };
  const had = { slow: 0, quick: 0, heavy: 0 };
  const waiting: (() => void)[] = [];
  const again = (name: keyof typeof takers): void =>
    place.take(takers[name], () =>
      waiting.push(() => {
        had[name] += cost[name];
        again(name); // always hungry
        place.end(takers[name], cost[name]);
      }),
    );
  for (const name of ["slow", "quick", "heavy"] as const) again(name);
  for (let i = 0; i < 1000; i++) waiting.shift()!();
  const share = (name: keyof typeof had) => had[name] / (had.slow + had.quick + had.heavy);
  expect(share("slow")).toBeCloseTo(0.2, 1);
  expect(share("quick")).toBeCloseTo(0.2, 1);
  expect(share("heavy")).toBeCloseTo(0.6, 1);
});

test("one that was idle neither saves up its time nor pays for that of others", () => {
  const place = new Turns(1);
  const [busy, idle] = [{ used: 0, weight: 1 }, { used: 0, weight: 1 }];
  const order: string[] = [];
  for (let i = 0; i < 5; i++) place.take(busy, () => order.push("busy"));
  place.end(busy, 100);
  place.end(busy, 100);
  place.take(idle, () => order.push("idle"));
  place.take(idle, () => order.push("idle"));
  for (let i = 0; i < 4; i++) place.end(order.at(-1) === "busy" ? busy : idle, 100);
  expect(order).toEqual(["busy", "busy", "busy", "idle", "busy", "idle", "busy"]);
});

test.each<[string, (rows: number) => number, number]>([
  ["one that reads its weights once per run ends at the largest batches", () => 4, 256],
  ["one whose cost is its rows ends at single rows", (rows) => 4 * rows, 1],
  ["one that is cheaper up to 16 rows ends there", (rows) => (rows <= 16 ? 4 + rows / 100 : (4.16 * rows) / 16), 16],
])("%s", (_, cost, limit) => {
  const size = new BatchSize(64, 256);
  const limits = new Map<number, number>();
  for (let i = 0; i < 4000; i++) {
    const rows = size.limit;
    size.ran(rows, cost(rows), true);
    if (i >= 2000) limits.set(rows, (limits.get(rows) ?? 0) + 1);
  }
  const usual = [...limits].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
  expect(usual).toBe(limit);
});
