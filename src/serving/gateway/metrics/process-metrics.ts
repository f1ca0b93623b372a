import { performance } from "node:perf_hooks";
import type { MetricsRegistry } from "./metrics.ts";

/** The usual figures about the process, under the names of prom-client and the other client libraries. */
export function addProcessMetrics(metrics: MetricsRegistry): void {
  const cpu = () => process.cpuUsage();
  metrics.gauge("process_cpu_user_seconds_total", "User CPU time.", () => cpu().user / 1e6, "counter");
  metrics.gauge("process_cpu_system_seconds_total", "System CPU time.", () => cpu().system / 1e6, "counter");
  metrics.gauge(
    "process_start_time_seconds",
    "Start of the process, in seconds since 1970.",
    () => performance.timeOrigin / 1000,
  );
  metrics.gauge("process_resident_memory_bytes", "Resident memory.", () => process.memoryUsage.rss());
  metrics.gauge(
    "nodejs_heap_size_used_bytes",
    "Memory used on the JavaScript heap.",
    () => process.memoryUsage().heapUsed,
  );
  metrics.gauge("nodejs_external_memory_bytes", "Memory outside of the JavaScript heap that its objects hold, buffers among it.", () => process.memoryUsage().external);
  metrics.gauge("nodejs_array_buffers_bytes", "Memory of buffers.", () => process.memoryUsage().arrayBuffers);
  metrics.gauge(
    "nodejs_eventloop_utilization",
    "Share of the time since the start that the event loop was busy.",
    () => performance.eventLoopUtilization().utilization,
  );
}
