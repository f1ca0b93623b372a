import { expect, test } from "vitest";
import type { ErrorWindow } from "../types.ts";
import { aggregateErrors } from "./aggregate-errors.ts";
import { binNames } from "./bin-names.ts";

const day = 86_400_000;

/** A day in which every prediction was wrong by `error`. */
const windowOf = (index: number, n: number, error: number): ErrorWindow => ({
  endpoint: "e",
  start: index * day,
  end: (index + 1) * day,
  variant: "served",
  version: 0,
  predictions: n,
  sums: { n, loss: n * error * error, absolute: n * error, signed: -n * error, label: n },
  metrics: {},
});

test("a week's RMSE comes from its summed squares, not from the mean of its days", () => {
  const [span] = aggregateErrors("regression", [windowOf(0, 1, 10), windowOf(1, 99, 0)], 7 * day, 0);
  expect(span).toEqual({ start: 0, end: 2 * day, labels: 100, metrics: { rmse: 1, mae: 0.1, bias: -0.1 } });
});

test("spans count from the origin; those without labels are left out", () => {
  const spans = aggregateErrors("regression", [windowOf(3, 1, 1), windowOf(9, 1, 2), windowOf(10, 1, 2), windowOf(20, 0, 0)], 7 * day, 3 * day);
  expect(spans.map((span) => [span.start / day, span.labels, span.metrics["rmse"]])).toEqual([
    [3, 2, Math.sqrt(2.5)],
    [10, 1, 2],
  ]);
});

test("a reference of k edges has k + 1 bins, of k categories too", () => {
  const shares: number[] = [];
  expect(binNames({ name: "hum", type: "number", edges: [0.2, 0.5], shares, missing: 0 })).toEqual(["≤ 0.2", "0.2 to 0.5", "> 0.5"]);
  expect(binNames({ name: "x", type: "number", edges: [], shares, missing: 0 })).toEqual(["all values"]);
  expect(binNames({ name: "color", type: "category", categories: ["red", "blue"], shares, missing: 0 })).toEqual(["red", "blue", "all others"]);
});
