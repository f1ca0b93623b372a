import { sql } from "kysely";
import type { House } from "../../stage.ts";
import { readTraces } from "../../tracking/traces/read-traces.ts";
import { compileTraceFilter, orderTraces } from "../../tracking/traces/trace-filter.ts";
import { countTogether, searchTraces } from "../../tracking/traces/search-traces.ts";
import type { Trace } from "../../tracking/traces/types.ts";
import type { Condition } from "../../tracking/filter/compile-filter.ts";
import { checkPageSize } from "../limits.ts";
import { invalidParameter } from "../mlflow-error.ts";
import { integer, list, orders, orElse, required, string } from "../mlflow-fields.ts";
import { rpc, type Rpc } from "../mlflow-route.ts";
import { offsetOf, pageOf } from "../page-token.ts";
import { npmi } from "./npmi.ts";
import { location } from "./trace-fields.ts";
import { traceInfoMessage, traceInfoV2Message } from "./trace-messages.ts";

const page = { filter: string, max_results: orElse(integer, 100), order_by: orders, page_token: string };

interface Page {
  readonly filter: string | undefined;
  readonly max_results: number;
  readonly order_by: readonly string[];
  readonly page_token: string | undefined;
}

async function found(house: House, experimentIds: readonly string[], request: Page, say: (trace: Trace) => object): Promise<object> {
  const [size, offset] = [checkPageSize(request.max_results, 500), offsetOf(request.page_token)];
  const where = compileTraceFilter(house.db, request.filter);
  const orders = [...request.order_by.flatMap(orderTraces), { by: sql`traces.started_at`, ascending: false }];
  const ids = await searchTraces(house.db, experimentIds, { where, orders, offset, limit: size + 1 });
  const { rows, next } = pageOf(ids, offset, size);
  return { traces: (await readTraces(house.db, rows)).map(say), next_page_token: next };
}

export const searchTraceRpcs: readonly Rpc[] = [
  rpc("GET", "2.0/mlflow/traces", { experiment_ids: required(list(string)), ...page }, async (house, request) => found(house, request.experiment_ids, request, traceInfoV2Message)),
  rpc("POST", "3.0/mlflow/traces/search", { locations: required(list(location)), ...page }, async (house, request) => {
    const ids = request.locations.map(({ mlflow_experiment: experiment }, index) => {
      if (!experiment?.experiment_id) throw invalidParameter(`Invalid 'locations[${index}]': traces are searched in experiments, {"mlflow_experiment": {"experiment_id": …}}`);
      return experiment.experiment_id;
    });
    return found(house, ids, request, traceInfoMessage);
  }),
  rpc(
    "POST",
    "3.0/mlflow/traces/calculate-filter-correlation",
    { experiment_ids: required(list(string)), filter_string1: required(string), filter_string2: required(string), base_filter: string },
    async (house, request) => {
      const compile = (text: string): Condition => compileTraceFilter(house.db, text) ?? sql`true`;
      const conditions = { where: compileTraceFilter(house.db, request.base_filter), first: compile(request.filter_string1), second: compile(request.filter_string2) };
      const counts = await countTogether(house.db, request.experiment_ids, conditions);
      return {
        npmi: npmi(counts, 0),
        npmi_smoothed: npmi(counts, 0.5),
        filter1_count: counts.first,
        filter2_count: counts.second,
        joint_count: counts.both,
        total_count: counts.all,
      };
    },
  ),
];
