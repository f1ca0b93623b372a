import { expect, test } from "vitest";
import { openLedger } from "../fixtures/open-ledger.ts";
import { makeSpan } from "./fixtures/make-span.ts";
import { logSpans } from "./log-spans.ts";
import { queryTraceMetrics, type Aggregation, type MetricQuery } from "./trace-metrics.ts";

const all: MetricQuery = { experimentIds: ["0"], view: "traces", metric: "trace_count", aggregations: [{ kind: "count" }], dimensions: [], conditions: [], bucket: undefined, from: undefined, to: undefined, limit: 100 };

async function openTraces() {
  const db = await openLedger();
  for (const [number, [name, duration]] of ([["a", 10], ["a", 20], ["b", 40], ["a", 70], ["b", null]] as const).entries()) {
    const from = 1000 * number;
    await logSpans(db, "0", [
      makeSpan(number, 0, { name, from, to: duration === null ? null : from + duration, status: number === 3 ? "error" : "ok" }),
      makeSpan(number, 1, { name: "call", from, to: from + 1, attributes: { "mlflow.spanType": "LLM", "mlflow.llm.model": "m", "mlflow.chat.tokenUsage": { total_tokens: BigInt(number) } } }),
    ]);
  }
  return db;
}

const percentile = (percent: number): Aggregation => ({ kind: "percentile", percent });

test.each<[string, Partial<MetricQuery>, unknown]>([
  ["all", {}, [{ dimensions: [], values: [5] }]],
  ["by name", { dimensions: ["trace_name"] }, [{ dimensions: ["a"], values: [3] }, { dimensions: ["b"], values: [2] }]],
  ["by name and status", { dimensions: ["trace_name", "trace_status"] }, [{ dimensions: ["a", "ERROR"], values: [1] }, { dimensions: ["a", "OK"], values: [2] }, { dimensions: ["b", "IN_PROGRESS"], values: [1] }, { dimensions: ["b", "OK"], values: [1] }]],
  ["in buckets of two seconds", { bucket: 2000, from: 0, to: 9000 }, [{ dimensions: [0], values: [2] }, { dimensions: [2000], values: [2] }, { dimensions: [4000], values: [1] }]],
  ["from two seconds to three", { from: 2000, to: 3000 }, [{ dimensions: [], values: [2] }]],
  // The one that still runs has lasted as long as its other span.
  ["latency", { metric: "latency", aggregations: [{ kind: "avg" }, { kind: "min" }, { kind: "max" }, { kind: "sum" }] }, [{ dimensions: [], values: [28.2, 1, 70, 141] }]],
  // numpy.quantile([10, 20, 70], [0.5, 0.9, 0, 1]) and of [1, 40].
  ["percentiles by name", { metric: "latency", dimensions: ["trace_name"], aggregations: [percentile(50), percentile(90), percentile(0), percentile(100)] }, [{ dimensions: ["a"], values: [20, 60, 10, 70] }, { dimensions: ["b"], values: [20.5, 36.1, 1, 40] }]],
  ["tokens", { metric: "total_tokens", aggregations: [{ kind: "sum" }, percentile(50)] }, [{ dimensions: [], values: [10, 2] }]],
  ["spans by type, of those that have one", { view: "spans", metric: "span_count", dimensions: ["span_type"] }, [{ dimensions: ["LLM"], values: [5] }]],
  ["latency of spans", { view: "spans", metric: "latency", aggregations: [{ kind: "max" }], dimensions: ["span_model_name"] }, [{ dimensions: ["m"], values: [1] }]],
  ["nothing", { experimentIds: ["7"], metric: "latency", aggregations: [{ kind: "avg" }] }, [{ dimensions: [], values: [null] }]],
])("%s", async (_, query, expected) => {
  const rows = await queryTraceMetrics(await openTraces(), { ...all, ...query });
  const near = (value: unknown): unknown => (typeof value === "number" ? expect.closeTo(value, 9) : value);
  expect(rows).toEqual((expected as { dimensions: unknown[]; values: unknown[] }[]).map(({ dimensions, values }) => ({ dimensions, values: values.map(near) })));
});

test.each<[string, Partial<MetricQuery>, RegExp]>([
  ["a metric of another view", { metric: "span_count" }, /metric_name must be one of/],
  ["a dimension of another view", { dimensions: ["span_name"] }, /Found invalid dimension/],
  ["a sum of a count", { aggregations: [{ kind: "sum" }] }, /Found invalid aggregation_type/],
  ["a name of every object", { metric: "constructor" }, /metric_name must be one of/],
])("%s is refused", async (_, query, expected) => {
  await expect(queryTraceMetrics(await openLedger(), { ...all, ...query })).rejects.toThrow(expected);
});
