import type { MetricsRegistry } from "./metrics.ts";

const loadBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120];

/** Counts how models come into memory and leave it. */
export function poolMetrics(metrics: MetricsRegistry): { onLoad: (seconds: number, failed: boolean) => void; onEvict: () => void } {
  const duration = metrics.histogram("millrace_model_load_duration_seconds", "Time to load and warm up a model.", [], loadBounds)();
  const loads = metrics.counter("millrace_model_loads_total", "Loads of models, by how they ended (ok, error).", ["status"]);
  const evictions = metrics.counter("millrace_model_evictions_total", "Models put out of memory to make room for others.", [])();
  return {
    onLoad: (seconds, failed) => {
      loads(failed ? "error" : "ok").add(1);
      if (!failed) duration.observe(seconds);
    },
    onEvict: () => evictions.add(1),
  };
}

/** What models take of the memory, and what they may. */
export function addPoolMetrics(metrics: MetricsRegistry, pool: { readonly memoryBytes: number }, limit: number | undefined): void {
  metrics.gauge("millrace_model_memory_bytes", "Memory that models take, as measured or estimated.", () => pool.memoryBytes);
  metrics.gauge("millrace_model_memory_limit_bytes", "Memory that models may take together; +Inf without a limit.", () => limit ?? Infinity);
}
