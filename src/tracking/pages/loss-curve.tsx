import { LineChart } from "../../ui/charts/line-chart.tsx";
import { formatNumber } from "../../ui/format.ts";
import { useFixedQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { trackingApi } from "./tracking-api.ts";

/** The training loss after each boosting round or solver iteration. */
export function LossCurve({ run }: { run: string }) {
  const query = useFixedQuery(["tracking", "loss", run], (signal) => trackingApi("GET /runs/:id/metrics/:key", { params: { id: run, key: "training_loss" } }, { signal }));
  return (
    <Loaded query={query}>
      {({ points }) => (
        <LineChart
          summary={`Training loss over ${points.length} rounds: from ${formatNumber(points[0]?.value)} to ${formatNumber(points.at(-1)?.value)}`}
          xName="round"
          x={points.map((point) => point.step + 1)}
          xIsTime={false}
          height={230}
          series={[{ name: "training loss", color: "var(--water)", values: points.map((point) => point.value) }]}
        />
      )}
    </Loaded>
  );
}
