import type { House } from "../stage.ts";
import { metricAtSteps, metricHistory, sampleSteps } from "../tracking/history.ts";
import { metricMessage } from "./entity-messages.ts";
import { checkPageSize } from "./limits.ts";
import { invalidParameter } from "./mlflow-error.ts";
import { integer, list, required, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { offsetOf, pageOf } from "./page-token.ts";
import { runFields, runIdOf } from "./runs.ts";

const mostRuns = 100;
const mostPoints = 25_000;
const path = "2.0/mlflow/metrics";

export const metricRpcs: readonly Rpc[] = [
  rpc("GET", `${path}/get-history`, { ...runFields, metric_key: required(string), max_results: integer, page_token: string }, async (house, request) => {
    const id = runIdOf(request);
    const offset = offsetOf(request.page_token);
    const size = request.max_results === undefined ? Number.MAX_SAFE_INTEGER - 1 : request.max_results === 0 ? 0 : checkPageSize(request.max_results, Number.MAX_SAFE_INTEGER - 1);
    if (size === 0) return {};
    const { rows, next } = pageOf(await metricHistory(house.db, id, request.metric_key, { offset, limit: size + 1 }), offset, size);
    return { metrics: rows.map(metricMessage), next_page_token: next };
  }),
  rpc("GET", `${path}/get-history-bulk`, { run_id: list(string), metric_key: string, max_results: integer }, async (house, request) => {
    const key = request.metric_key;
    if (request.run_id.length === 0) throw invalidParameter("GetMetricHistoryBulk request must specify at least one run_id.");
    if (request.run_id.length > mostRuns) {
      throw invalidParameter(`GetMetricHistoryBulk request cannot specify more than ${mostRuns} run_ids. Received ${request.run_id.length} run_ids.`);
    }
    if (!key) throw invalidParameter("GetMetricHistoryBulk request must specify a metric_key.");
    const size = Math.min(request.max_results ?? mostPoints, mostPoints);
    const metrics: object[] = [];
    for (const id of [...request.run_id].toSorted()) {
      const points = await metricHistory(house.db, id, key, { limit: size - metrics.length });
      metrics.push(...points.map((point) => ({ ...metricMessage(point), run_id: id })));
    }
    return { metrics };
  }),
  rpc(
    "GET",
    `${path}/get-history-bulk-interval`,
    { run_ids: required(list(string)), metric_key: required(string), start_step: integer, end_step: integer, max_results: integer },
    async (house, request) => {
      if (request.run_ids.length > mostRuns) throw invalidParameter(`GetMetricHistoryBulkInterval request must specify at most ${mostRuns} run_ids. Received ${request.run_ids.length} run_ids.`);
      const size = request.max_results ?? 2500;
      if (size < 1 || size > 2500) throw invalidParameter("max_results must be between 1 and 2500.");
      const { start_step: from, end_step: to } = request;
      if ((from === undefined) !== (to === undefined)) throw invalidParameter("If either start step or end step are specified, both must be specified.");
      if (from !== undefined && to !== undefined && from > to) throw invalidParameter(`end_step must be greater than start_step. Found start_step=${from} and end_step=${to}.`);
      return { metrics: await sampled(house, request.run_ids, request.metric_key, { from, to }, size) };
    },
  ),
];

async function sampled(house: House, runIds: readonly string[], key: string, range: { from: number | undefined; to: number | undefined }, size: number): Promise<object[]> {
  const steps = await sampleSteps(house.db, runIds, key, range, size);
  const metrics: object[] = [];
  for (const id of runIds) {
    const points = await metricAtSteps(house.db, id, key, steps);
    metrics.push(...points.map((point) => ({ ...metricMessage(point), run_id: id })));
  }
  return metrics;
}
