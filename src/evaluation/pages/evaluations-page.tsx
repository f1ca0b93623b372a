import { client } from "../../http/client.ts";
import type { TrackingRoutes } from "../../tracking/routes.ts";
import type { Run } from "../../tracking/types.ts";
import { Anchor } from "../../ui/anchor.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { formatMoment, formatNumber, formatPercent, metricName, shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";

const tracking = client<TrackingRoutes>("", "tracking");

/** Every evaluation of a model: its loss beside that of the naive predictor, the linear baseline and the champion on the same rows. */
export function EvaluationsPage() {
  const experiment = useCurrentModel();
  const query = useLiveQuery(["tracking", "runs", experiment], (signal) =>
    tracking("GET /runs", { query: { limit: 500, ...(experiment === null ? {} : { experiment }) } }, { signal }),
  );
  return (
    <Page title="Evaluations" lead="Each model judged on rows it has not seen, beside the naive predictor, a linear model and the champion on the very same rows.">
      <Loaded query={query}>
        {({ runs }) =>
          runs.length === 0 ? (
            <EmptyNotice title="No evaluations yet">
              <p>
                <code>millrace run</code> trains and judges the first model.
              </p>
            </EmptyNotice>
          ) : (
            <Panel title={`${metricName(lossOf(runs))} on held-out rows`} note="Lower is better. The interval is a 95 % bootstrap interval.">
              <EvaluationsTable runs={runs} loss={lossOf(runs)} />
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}

const lossOf = (runs: readonly Run[]): string => (runs.some((run) => "rmse" in run.metrics) ? "rmse" : "log_loss");

function EvaluationsTable({ runs, loss }: { runs: readonly Run[]; loss: string }) {
  const metric = (key: string, header: string): TableColumn<Run> => ({ key, header, align: "right", sort: (run) => run.metrics[key], render: (run) => formatNumber(run.metrics[key]) });
  const gain = (run: Run): number | undefined => {
    const [own, champion] = [run.metrics[loss], run.metrics[`champion_${loss}`]];
    return own === undefined || champion === undefined ? undefined : 1 - own / champion;
  };
  return (
    <DataTable
      label="Evaluations"
      rows={runs}
      rowKey={(run) => run.id}
      columns={[
        { key: "run", header: "Run", sort: (run) => run.name, render: (run) => <Anchor to={`/evaluations/${encodeURIComponent(run.id)}`}>{shortId(run.name)}</Anchor> },
        metric(loss, metricName(loss)),
        { key: "interval", header: "95 % interval", align: "right", render: (run) => `${formatNumber(run.metrics[`${loss}_low`])} to ${formatNumber(run.metrics[`${loss}_high`])}` },
        metric(`champion_${loss}`, "Champion"),
        { key: "gain", header: "Against champion", align: "right", sort: gain, render: (run) => gainText(gain(run)) },
        metric(`linear_${loss}`, "Linear"),
        metric(`naive_${loss}`, "Naive"),
        { key: "started", header: "When", align: "nowrap", sort: (run) => run.startedAt, render: (run) => formatMoment(run.startedAt) },
      ]}
    />
  );
}

function gainText(gain: number | undefined): string {
  if (gain === undefined) return "–";
  return gain >= 0 ? `${formatPercent(gain)} better` : `${formatPercent(-gain)} worse`;
}
