import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MillraceError } from "../../../../errors.ts";
import { openPool, score } from "../../fixtures/load-model.ts";
import { rowsOf } from "../../fixtures/tensors.ts";
import type { HeldModel } from "../../models/model-pool.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { runtimeFor } from "../runtimes.ts";

/** Places of the two models that a runtime is tested with, whose functions fixtures/make_models.py tells, and of nonsense. */
export interface Subjects {
  /** price = 2 × distance + seats + (10 for Oslo, 20 for Rome); missing numbers count as 0. */
  readonly trips: string;
  /** The amount it is given; fails when a row is above 1e6. */
  readonly picky: string;
  readonly nonsense: string;
}

/** What every runtime does alike, as requests meet it: through the pool, the binding of inputs and the queue. */
export function runtimeConformance(name: string, subjects: () => Promise<Subjects>): void {
  describe(`runtime ${name}`, () => {
    const pool = openPool();
    let places: Subjects;
    let trips: HeldModel;
    let picky: HeldModel;

    beforeAll(async () => {
      places = await subjects();
      trips = await pool.hold({ location: places.trips });
      picky = await pool.hold({ location: places.picky });
    });
    afterAll(async () => {
      await trips.release();
      await picky.release();
    });

    const prices = async (tensors: readonly Tensor[]) => Array.from((await score(trips, tensors))[0].data as Float64Array, Number);
    const rows = (distance: number[], seats: number[], city: string[]) => [
      rowsOf("distance", distance.length, Float64Array.from(distance)),
      rowsOf("seats", seats.length, BigInt64Array.from(seats, BigInt)),
      rowsOf("city", city.length, city),
    ];

    test("is found by the place, and by its name", async () => {
      expect((await runtimeFor(places.trips)).name).toBe(name);
      expect((await runtimeFor(places.trips, name)).name).toBe(name);
    });

    test("tells what the model takes and gives, and that its rows do not depend on each other", () => {
      const { inputs, outputs, rowwise, concurrency, platform } = trips.model;
      expect(inputs.map((input) => [input.name, input.datatype === "BYTES", input.shape])).toEqual([
        ["distance", false, [-1, 1]],
        ["seats", false, [-1, 1]],
        ["city", true, [-1, 1]],
      ]);
      expect(outputs.map((output) => [output.name, output.shape[0]])).toEqual([["prediction", -1]]);
      expect(rowwise).toBe(true);
      expect(concurrency).toBeGreaterThan(0);
      expect(platform).not.toBe("");
    });

    test("scores rows of numbers and text, columns in any order", async () => {
      expect(await prices(rows([1, 1.5, 2], [1, 2, 3], ["Oslo", "Rome", "?"]))).toEqual([13, 25, 7]);
      expect(await prices(rows([1], [1], ["Oslo"]).reverse())).toEqual([13]);
    });

    test("missing numbers and missing text reach the model as such", async () => {
      expect(await prices([rowsOf("distance", 2, Float32Array.of(NaN, 1)), rowsOf("seats", 2, Float32Array.of(3, NaN)), rowsOf("city", 2, ["", "Oslo"])])).toEqual([3, 12]);
    });

    test("text beyond ASCII goes through as it is", async () => {
      expect(await prices(rows([1], [1], ["Œslo \u{1F600}"]))).toEqual([3]);
    });

    test("many requests in flight each get their own answer", async () => {
      const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => prices(rows([index, index], [1, 2], ["Oslo", "Rome"]))));
      expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => [2 * index + 11, 2 * index + 22]));
    });

    test("a request of many rows is answered in order", async () => {
      const count = 1000;
      const numbers = Array.from({ length: count }, (_, index) => index);
      expect(await prices(rows(numbers, numbers, numbers.map(() => "Oslo")))).toEqual(numbers.map((index) => 3 * index + 10));
    });

    test("a row that fails fails its own request only, and the model goes on", async () => {
      const amounts = [1, 2e6, 3, 4];
      const settled = await Promise.allSettled(amounts.map((amount) => score(picky, [rowsOf("amount", 1, Float32Array.of(amount))])));
      expect(settled.map((one) => (one.status === "fulfilled" ? Number(one.value[0].data[0]) : "failed"))).toEqual([1, "failed", 3, 4]);
      expect(picky.model.healthy()).toBe(true);
    });

    test.each<[string, () => Tensor[], RegExp]>([
      ["text where a number goes", () => [rowsOf("distance", 1, ["far"]), ...rows([1], [1], ["x"]).slice(1)], /"distance": data\[0\] is "far"; it takes numbers/],
      ["an input that is missing", () => rows([1], [1], ["x"]).slice(1), /input "distance" is missing/],
      ["an input that is unknown", () => [...rows([1], [1], ["x"]), rowsOf("citty", 1, ["y"])], /no input "citty"; did you mean "city"/],
      ["more columns than one", () => [rowsOf("distance", 1, Float32Array.of(1, 2)), ...rows([1], [1], ["x"]).slice(1)], /"distance" has the shape \[1,2\]/],
      ["rows that differ in number", () => [rowsOf("distance", 2, Float32Array.of(1, 2)), ...rows([1], [1], ["x"]).slice(1)], /need as many/],
    ])("%s is refused with its name", async (_, tensors, message) => {
      await expect(score(trips, tensors())).rejects.toThrow(message);
    });

    test("nonsense is not loaded, and named", async () => {
      const failure = await pool.hold({ location: places.nonsense, runtime: name }).then(
        () => undefined,
        (error: MillraceError) => error,
      );
      expect(failure).toMatchObject({ name: "MillraceError", status: 400 });
      expect(failure!.message).toContain(places.nonsense);
    });

    test("a model that is released can be loaded again", async () => {
      const other = openPool();
      for (let times = 0; times < 2; times++) {
        const held = await other.hold({ location: places.picky });
        expect(Number((await score(held, [rowsOf("amount", 1, Float32Array.of(times))]))[0].data[0])).toBe(times);
        await held.release();
      }
    });
  });
}
