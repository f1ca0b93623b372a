import { hostname } from "node:os";
import type { Deployment } from "../models/deployment.ts";
import type { Histogram } from "./metrics.ts";
import { together } from "./model-statistics.ts";
import type { ModelStatistics } from "./model-statistics.ts";
import type { VariantStats } from "./variant-stats.ts";

/** What one version of an endpoint did, as the dashboards of other servers want to see it. */
export interface ServedVersion {
  readonly endpoint: string;
  readonly version: string;
  readonly statistics: ModelStatistics;
  /** Requests that came and are neither answered nor running. */
  readonly pending: number;
  /** Seconds from receipt to answer. */
  readonly latency: Histogram;
}

/** A peer's names for what every server counts. */
type Dialect = (versions: readonly ServedVersion[]) => string;

/** Writes the metrics of the gateway under the names of another server, so that its dashboards and alerts go on working. */
export const peerMetrics: ReadonlyMap<string, Dialect> = new Map([
  ["triton", triton],
  ["tensorflow-serving", tensorflowServing],
  ["torchserve", torchServe],
  ["mlserver", mlServer],
]);

type Labels = Readonly<Record<string, string>>;
type Read = (version: ServedVersion) => number;

function family(type: "counter" | "gauge", name: string, help: string, versions: readonly ServedVersion[], labels: (version: ServedVersion) => Labels, read: Read): string {
  return `${head(type, name, help)}${versions.map((version) => line(name, labels(version), read(version))).join("")}`;
}

const head = (type: string, name: string, help: string): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

const line = (name: string, labels: Labels, value: number): string => {
  const written = Object.entries(labels).map(([label, text]) => `${label}="${text.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`))}"`);
  return `${name}{${written.join(",")}} ${value}\n`;
};

const us = (ns: number): number => Math.round(ns / 1000);

/** triton-inference-server/server, docs/user_guide/metrics.md. */
function triton(versions: readonly ServedVersion[]): string {
  const labels = ({ endpoint, version }: ServedVersion): Labels => ({ model: endpoint, version });
  const counter = (name: string, help: string, read: Read) => family("counter", `nv_inference_${name}`, help, versions, labels, read);
  return [
    counter("request_success", "Number of successful inference requests, all batch sizes", ({ statistics }) => statistics.success.count),
    counter("request_failure", "Number of failed inference requests, all batch sizes", ({ statistics }) => statistics.fail.count),
    counter("count", "Number of inferences performed (does not include cached requests)", ({ statistics }) => statistics.inferenceCount),
    counter("exec_count", "Number of model executions performed (does not include cached requests)", ({ statistics }) => statistics.executionCount),
    counter("request_duration_us", "Cumulative inference request duration in microseconds", ({ statistics }) => us(statistics.success.ns)),
    counter("queue_duration_us", "Cumulative inference queuing duration in microseconds", ({ statistics }) => us(statistics.queue.ns)),
    counter("compute_input_duration_us", "Cumulative compute input duration in microseconds", ({ statistics }) => us(statistics.computeInput.ns)),
    counter("compute_infer_duration_us", "Cumulative compute inference duration in microseconds", ({ statistics }) => us(statistics.computeInfer.ns)),
    counter("compute_output_duration_us", "Cumulative inference compute output duration in microseconds", ({ statistics }) => us(statistics.computeOutput.ns)),
    family("gauge", "nv_inference_pending_request_count", "Instantaneous number of pending requests awaiting execution per-model.", versions, labels, ({ pending }) => pending),
  ].join("");
}

/** tensorflow/serving, servables/tensorflow/util.cc; in Prometheus the slashes of its names are colons. */
function tensorflowServing(versions: readonly ServedVersion[]): string {
  const prefix = ":tensorflow:serving:";
  const models = [...new Set(versions.map(({ endpoint }) => endpoint))];
  const sum = (endpoint: string, read: Read) => versions.filter((version) => version.endpoint === endpoint).reduce((total, version) => total + read(version), 0);
  const name = `${prefix}request_count`;
  const counts = models.flatMap((model) => [
    line(name, { model_name: model, status: "OK" }, sum(model, ({ statistics }) => statistics.success.count)),
    line(name, { model_name: model, status: "UNKNOWN" }, sum(model, ({ statistics }) => statistics.fail.count)),
  ]);
  const latency = models.map((model) => {
    const own = versions.filter(({ endpoint }) => endpoint === model).map((version) => version.latency);
    const merged = own.reduce((all, one) => all.add(one), own[0].like());
    return merged.expose(`${prefix}request_latency`, `model_name=${JSON.stringify(model)},API="Predict",entrypoint="ALL"`, 1e6);
  });
  return [
    head("counter", name, "The total number of requests."),
    ...counts,
    head("histogram", `${prefix}request_latency`, "Distribution of wall time (in microseconds) for server."),
    ...latency,
    head("counter", `${prefix}request_example_count_total`, "The total number of tensorflow.Examples."),
    ...models.map((model) => line(`${prefix}request_example_count_total`, { model }, sum(model, ({ statistics }) => statistics.inferenceCount))),
  ].join("");
}

/** pytorch/serve, ts/configs/metrics.yaml and docs/metrics.md. */
function torchServe(versions: readonly ServedVersion[]): string {
  const host = hostname();
  const labels = ({ endpoint, version }: ServedVersion): Labels => ({ model_name: endpoint, model_version: version, hostname: host });
  const counter = (name: string, help: string, read: Read) => family("counter", name, help, versions, labels, read);
  const total = (read: Read) => versions.reduce((sum, version) => sum + read(version), 0);
  const requests = (name: string, value: number) => head("counter", name, `Torchserve prometheus counter metric with unit: Count`) + line(name, { Level: "Host", Hostname: host }, value);
  return [
    requests("Requests2XX", total(({ statistics }) => statistics.success.count)),
    requests("Requests4XX", total(({ statistics }) => statistics.invalid)),
    requests("Requests5XX", total(({ statistics }) => statistics.fail.count - statistics.invalid)),
    counter("ts_inference_requests_total", "Torchserve prometheus counter metric with unit: Count", ({ statistics }) => statistics.success.count + statistics.fail.count),
    counter("ts_inference_latency_microseconds", "Torchserve prometheus counter metric with unit: Microseconds", ({ statistics }) => us(statistics.success.ns)),
    counter("ts_queue_latency_microseconds", "Torchserve prometheus counter metric with unit: Microseconds", ({ statistics }) => us(statistics.queue.ns)),
  ].join("");
}

/** SeldonIO/MLServer, mlserver/handlers/dataplane.py. */
function mlServer(versions: readonly ServedVersion[]): string {
  const labels = ({ endpoint, version }: ServedVersion): Labels => ({ model: endpoint, version });
  const duration = "model_infer_request_duration";
  return [
    family("counter", "model_infer_request_success_total", "Model infer request success count", versions, labels, ({ statistics }) => statistics.success.count),
    family("counter", "model_infer_request_failure_total", "Model infer request failure count", versions, labels, ({ statistics }) => statistics.fail.count),
    head("summary", duration, "Model infer request duration"),
    ...versions.map((version) => line(`${duration}_count`, labels(version), version.statistics.success.count) + line(`${duration}_sum`, labels(version), version.statistics.success.ns / 1e9)),
  ].join("");
}

/** The versions of a deployment with what they did; variants of one version are one. */
export function servedVersions(deployment: Deployment, stats: (endpoint: string, version: string, variant: string) => VariantStats): ServedVersion[] {
  const found = new Map<string, ServedVersion>();
  for (const { name, variants } of deployment.endpoints.values()) {
    for (const { version, name: variant, held } of variants) {
      const { counts, duration } = stats(name, version, variant);
      const statistics = counts.statistics(held.batches);
      const key = JSON.stringify([name, version]);
      const other = found.get(key);
      found.set(key, {
        endpoint: name,
        version,
        statistics: other ? together(other.statistics, statistics) : statistics,
        pending: held.batcher.waitingRequests,
        latency: duration.like().add(duration).add(other?.latency ?? duration.like()),
      });
    }
  }
  return [...found.values()];
}
