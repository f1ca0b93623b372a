import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Column, Table } from "../../data/types.ts";
import type { Reading } from "../../values/reading.ts";
import { columnsOf } from "../columns.ts";
import { offsetOf } from "../scaling.ts";
import { partOf } from "../time-parts.ts";
import { trainers } from "../trainers.ts";
import type { Prediction } from "../types.ts";
import { runOnnx } from "./run-onnx.ts";

const numbers = (name: string, values: readonly number[]): Column => ({ name, type: "number", values: Float64Array.from(values) });
const tableOf = (...columns: Column[]): Table => ({ rows: columns[0].type === "number" ? columns[0].values.length : columns[0].codes.length, columns });
const valuesOf = (prediction: Prediction): Float64Array => (prediction.task === "regression" ? prediction.values : prediction.probabilities);
const time: Reading = { type: "timestamp" };
const hours = Array.from({ length: 3000 }, (_, hour) => Date.UTC(2023, 10, 1) + hour * 3_600_000);

test("parts of instants are those of the calendar, also before 1970", () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date(-60_000_000_000_000), max: new Date(250_000_000_000_000) }), (date) => {
      const at = date.getTime();
      expect([partOf(at, "year"), partOf(at, "month"), partOf(at, "weekday"), partOf(at, "hour")]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, (date.getUTCDay() + 6) % 7, date.getUTCHours()]);
    }),
  );
  expect(partOf(NaN, "month")).toBeNaN();
});

test("an offset is taken where float32 would fold values, and only there", () => {
  const from = (start: number, step: number): Float64Array => Float64Array.from({ length: 100 }, (_, i) => start + i * step);
  expect(offsetOf(from(20_240_101, 1))).toBe(20_240_151);
  expect(offsetOf(from(1_709_253_000, 60))).toBe(1_709_255_970);
  expect(offsetOf(from(1e9, 0.001))).toBe(1e9);
  expect(offsetOf(from(0, 1))).toBeUndefined();
  expect(offsetOf(from(-5e8, 1e7))).toBeUndefined();
  expect(offsetOf(from(1.5, 0.25))).toBeUndefined();
  expect(offsetOf(Float64Array.of(NaN, 7, 7))).toBeUndefined();
});

describe.each(trainers.map((trainer) => ({ name: trainer.name, trainer })))("$name", ({ trainer }) => {
  const train = (table: Table, features: readonly string[], readings: Record<string, Reading>) =>
    trainer.train({ table, target: "y", features, readings, task: "regression", params: {}, seed: 1 });

  test("learns a table whose only feature is its time, and answers through onnxruntime as it predicts", async () => {
    const y = numbers("y", hours.map((at) => 10 * (partOf(at, "hour") >= 12 ? 1 : 0) + 3 * (partOf(at, "weekday") >= 5 ? 1 : 0)));
    const table = tableOf(numbers("when", hours), y);
    const model = train(table, ["when"], { when: time });
    expect(model.signature.features).toEqual([{ name: "when", type: "timestamp", reading: time }]);
    expect(columnsOf(model.signature).map(({ name }) => name)).toEqual(["when (year)", "when (month)", "when (weekday)", "when (hour)"]);
    expect(model.importances).toEqual({ when: 1 });
    const predicted = valuesOf(model.predict(table));
    const error = Math.sqrt(predicted.reduce((sum, value, row) => sum + (value - (y.type === "number" ? y.values[row] : 0)) ** 2, 0) / table.rows);
    expect(error).toBeLessThan(trainer.name === "linear" ? 3 : 0.2);
    const odd = tableOf(numbers("when", [...hours.slice(0, 50), NaN, -1, Date.UTC(1900, 1, 28, 23), Date.UTC(2400, 1, 29)]), numbers("y", Array.from({ length: 54 }, () => 0)));
    const [own, { values }] = [valuesOf(model.predict(odd)), await runOnnx(model, odd)];
    for (const [row, value] of own.entries()) expect(values[row]).toBeCloseTo(value, 4);
  });

  test("what another feature says already is no column, and a time of which nothing is left no feature", () => {
    const at = numbers("at", hours);
    const y = numbers("y", hours.map((time) => partOf(time, "hour")));
    const calendar = [numbers("mnth", hours.map((time) => partOf(time, "month"))), numbers("yr", hours.map((time) => partOf(time, "year") - 2023)), numbers("day", hours.map((time) => (partOf(time, "weekday") + 1) % 7))];
    const some = train(tableOf(at, ...calendar, y), ["at", "mnth", "yr", "day"], { at: time });
    expect(columnsOf(some.signature).map(({ name }) => name)).toEqual(["at (hour)", "mnth", "yr", "day"]);
    const none = train(tableOf(at, ...calendar, numbers("hr", hours.map((one) => partOf(one, "hour"))), y), ["at", "mnth", "yr", "day", "hr"], { at: time });
    expect(none.signature.features.map(({ name }) => name)).toEqual(["mnth", "yr", "day", "hr"]);
    expect(none.signature.columns).toBeUndefined();
  });

  test("the days between two points in time are a column of their own", async () => {
    const days = hours.map((_, row) => (row * 7) % 60);
    const table = tableOf(numbers("ts", hours), numbers("due", hours.map((at, row) => at + days[row] * 86_400_000)), numbers("y", days.map((value) => value / 2)));
    const model = train(table, ["ts", "due"], { ts: time, due: time });
    expect(columnsOf(model.signature).at(-1)).toEqual({ name: "days from ts to due", type: "number", from: { feature: "due", since: "ts" } });
    const [own, { values }] = [valuesOf(model.predict(table)), await runOnnx(model, table)];
    for (const row of [0, 1, 2, 700, 2999]) {
      expect(own[row]).toBeCloseTo(days[row] / 2, 0);
      expect(values[row]).toBeCloseTo(own[row], 4);
    }
  });

  test("integers and targets that float32 would fold keep their differences", async () => {
    const id = hours.map((_, row) => 1_000_000_000 + row);
    const table = tableOf(numbers("x", id), numbers("y", id.map((_, row) => 5e9 + row)));
    const model = train(table, ["x"], {});
    expect(columnsOf(model.signature)).toEqual([{ name: "x", type: "number", offset: 1_000_001_500 }]);
    expect(model.signature.targetOffset).toBe(5_000_001_500);
    const [own, { values }] = [valuesOf(model.predict(table)), await runOnnx(model, table)];
    for (const row of [0, 10, 1500, 2990]) {
      expect(Math.abs(own[row] - (5e9 + row))).toBeLessThan(60);
      expect(values[row]).toBeCloseTo(own[row], 2);
    }
  });
});
