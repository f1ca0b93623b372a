import { expect, test } from "vitest";
import type { TrafficSpan } from "../traffic.ts";
import { trafficByVariant, trafficOverTime } from "./traffic-sums.ts";

const span = (start: number, version: number, requests: number, errors: number, p99: number | null): TrafficSpan => ({ start, version, variant: version === 1 ? "champion" : "challenger", requests, errors, p50: p99 === null ? null : p99 / 2, p99 });
const spans = [span(1000, 1, 10, 1, 8), span(1000, 2, 2, 0, 12), span(4000, 1, 5, 5, null)];

test("spans follow each other without gaps; the latency is the worst of the variants", () => {
  expect(trafficOverTime({ width: 1000, from: 0, until: 9000, sampled: false, spans })).toEqual({ x: [1, 2, 3, 4], requests: [12, 0, 0, 5], errors: [1, 0, 0, 5], p50: [6, null, null, null], p99: [12, null, null, null] });
  expect(trafficOverTime({ width: 0, from: 0, until: 0, sampled: false, spans: [] }).x).toEqual([]);
});

test("what each variant was asked in all", () => {
  expect(trafficByVariant(spans)).toEqual([
    { version: 2, variant: "challenger", requests: 2, errors: 0 },
    { version: 1, variant: "champion", requests: 15, errors: 6 },
  ]);
});
