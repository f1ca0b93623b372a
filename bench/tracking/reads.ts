import { median, type Figures } from "./figures.ts";
import { openClient } from "./load.ts";
import { longRun } from "./seed.ts";

/** Searches over what `seed.ts` wrote, and a long history sampled for a chart. */
export async function measureReads(url: string, times: number): Promise<Figures> {
  const client = openClient(url);
  const search = (body: object) => async () => {
    const { runs } = (await client.post("runs/search", { experiment_ids: ["0"], max_results: 100, ...body })) as { runs?: unknown[] };
    if (!runs || runs.length === 0) throw new Error("the search found nothing");
  };
  const chart = async (): Promise<void> => {
    const answer = await fetch(`${url}/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=${longRun}&metric_key=long&max_results=320`);
    const { metrics } = (await answer.json()) as { metrics: unknown[] };
    if (metrics.length < 320 || metrics.length > 330) throw new Error(`320 points were expected, ${metrics.length} came`);
  };
  const figures = {
    "search, newest 100": await median(times, search({})),
    "search, metric filter and order": await median(times, search({ filter: "metrics.m0 > 0.5", order_by: ["metrics.m1 DESC"] })),
    "search, narrow metric filter": await median(times, search({ filter: "metrics.m0 > 0.998", order_by: ["metrics.m0 DESC"] })),
    "search, tag and param": await median(times, search({ filter: "tags.t0 = 'value 7' AND params.p0 = '7'" })),
    "history sampled for a chart": await median(times, chart),
  };
  client.close();
  return figures;
}
