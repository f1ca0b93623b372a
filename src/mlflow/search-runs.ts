import { sql } from "kysely";
import { metricOrder, runFilter, runOrders, walkedFilter } from "../tracking/filter/run-filter.ts";
import { readManyRuns } from "../tracking/run-details.ts";
import { searchRuns } from "../tracking/search.ts";
import { runMessage } from "./entity-messages.ts";
import { checkPageSize } from "./limits.ts";
import { integer, list, oneOf, orders, orElse, string } from "./mlflow-fields.ts";
import { rpc, type Rpc } from "./mlflow-route.ts";
import { offsetOf, pageOf } from "./page-token.ts";
import { lifecycleOf, viewTypes } from "./view-type.ts";

export const searchRunsRpc: Rpc = rpc(
  "POST",
  "2.0/mlflow/runs/search",
  {
    experiment_ids: list(string),
    filter: string,
    run_view_type: oneOf(viewTypes),
    max_results: orElse(integer, 1000),
    order_by: orders,
    page_token: string,
  },
  async (house, request) => {
    const size = checkPageSize(request.max_results, 50_000);
    const offset = offsetOf(request.page_token);
    const where = runFilter(house.db, request.filter);
    const orders = [...request.order_by.flatMap(runOrders), { by: sql`runs.started_at`, ascending: false }];
    const sorted = request.order_by.length === 1 ? metricOrder(request.order_by[0]) : undefined;
    const byMetric = sorted && { ...sorted, filter: walkedFilter(house.db, request.filter) };
    const search = { lifecycle: lifecycleOf(request.run_view_type), where, orders, byMetric, offset, limit: size + 1 };
    const ids = request.experiment_ids.length === 0 ? [] : await searchRuns(house.db, request.experiment_ids, search);
    const { rows, next } = pageOf(ids, offset, size);
    return { runs: (await readManyRuns(house.db, rows)).map(runMessage), next_page_token: next };
  },
);
