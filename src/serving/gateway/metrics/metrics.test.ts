import { expect, test } from "vitest";
import { MetricsRegistry } from "./metrics.ts";

test("metrics are written in the Prometheus text format", () => {
  const metrics = new MetricsRegistry();
  const requests = metrics.counter("requests_total", "Requests.", ["model"]);
  requests('a "quoted"\\\n').add(2);
  requests('a "quoted"\\\n').add(1);
  const seconds = metrics.histogram("seconds", "Time.", ["model"], [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) seconds("m").observe(value);
  metrics.gauge("memory", "Memory.", () => Infinity);
  expect(metrics.expose()).toBe(
    [
      "# HELP requests_total Requests.",
      "# TYPE requests_total counter",
      'requests_total{model="a \\"quoted\\"\\\\\\n"} 3',
      "# HELP seconds Time.",
      "# TYPE seconds histogram",
      'seconds_bucket{model="m",le="0.1"} 2',
      'seconds_bucket{model="m",le="1"} 3',
      'seconds_bucket{model="m",le="+Inf"} 4',
      'seconds_sum{model="m"} 3.65',
      'seconds_count{model="m"} 4',
      "# HELP memory Memory.",
      "# TYPE memory gauge",
      "memory +Inf",
      "",
    ].join("\n"),
  );
});
