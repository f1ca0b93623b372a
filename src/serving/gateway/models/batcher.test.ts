import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rowsOf } from "../fixtures/tensors.ts";
import { Batcher, defaultBatchLimits } from "./batcher.ts";
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
          const batcher = new Batcher(model, { batchRows: 16, sliceRows: 4, waitingRows: 1e6 }, () => undefined);
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
    const batcher = new Batcher(model, defaultBatchLimits, () => undefined);
    await Promise.all(Array.from({ length: 130 }, (_, i) => batcher.score(1, columns(i))));
    expect(runs).toEqual([64, 64, 2]);
  });

  test("a request that fails does not fail those it was run with", async () => {
    const { model } = doubling();
    const batcher = new Batcher(model, defaultBatchLimits, () => undefined);
    const [good, bad, other] = await Promise.allSettled([1, -5, 3].map((x) => batcher.score(1, columns(x))));
    expect(bad).toMatchObject({ status: "rejected", reason: new Error("a negative number") });
    expect(good).toMatchObject({ status: "fulfilled" });
    expect(other).toMatchObject({ status: "fulfilled" });
  });

  test("more rows waiting than allowed are refused with 429, and a large request alone is not", async () => {
    const { model } = doubling();
    const batcher = new Batcher(model, { batchRows: 2, sliceRows: 2, waitingRows: 3 }, () => undefined);
    const large = batcher.score(5, columns(1, 2, 3, 4, 5));
    await expect(batcher.score(1, columns(1))).rejects.toMatchObject({ status: 429, code: "serving.overloaded" });
    expect((await large).outputs[0].data).toHaveLength(10);
    await expect(batcher.score(1, columns(1))).resolves.toMatchObject({ outputs: [{}, {}] });
  });
});
