import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { formatMoment, formatNumber, metricName, shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Run } from "../types.ts";
import { mainMetrics, tellingParams } from "./telling-columns.ts";
import { trackingApi } from "./tracking-api.ts";

/** All runs of a model's experiment, to sort and compare. */
export function RunsPage() {
  const experiment = useCurrentModel();
  const query = useLiveQuery(["tracking", "runs", experiment], (signal) =>
    trackingApi("GET /runs", { query: { limit: 500, ...(experiment === null ? {} : { experiment }) } }, { signal }),
  );
  return (
    <Page title="Runs" lead="Every training with its parameters and metrics, whether or not the gate let it pass afterwards.">
      <Loaded query={query}>
        {({ runs }) =>
          runs.length === 0 ? (
            <EmptyNotice title="No runs yet">
              <p>
                <code>millrace run</code> trains the first model.
              </p>
            </EmptyNotice>
          ) : (
            <Panel title={`Experiment ${runs[0].experiment}`} note={paramsNote(runs)}>
              <RunsTable runs={runs} />
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}

const mostParams = 6;
const paramsNote = (runs: readonly Run[]): string =>
  tellingParams(runs, mostParams).length === 0 && runs.length > 1 ? "All runs have the same parameters; a run's page lists them." : "Parameters that differ between runs have a column; a run's page lists all.";

function RunsTable({ runs }: { runs: readonly Run[] }) {
  const metrics = mainMetrics(runs);
  const columns: TableColumn<Run>[] = [
    { key: "name", header: "Run", sort: (run) => run.name, render: (run) => <Anchor to={`/runs/${encodeURIComponent(run.id)}`}>{shortId(run.name)}</Anchor> },
    { key: "status", header: "Status", render: ({ status }) => <RunStatus status={status} /> },
    ...metrics.map((key): TableColumn<Run> => ({ key: `metric ${key}`, header: metricName(key), align: "right", sort: (run) => run.metrics[key], render: (run) => formatNumber(run.metrics[key]) })),
    { key: "rows", header: "Rows", align: "right", sort: (run) => run.metrics["training_rows"], render: (run) => formatNumber(run.metrics["training_rows"]) },
    ...tellingParams(runs, mostParams).map((key): TableColumn<Run> => ({ key: `param ${key}`, header: key, sort: (run) => run.params[key], render: (run) => run.params[key] ?? "–" })),
    { key: "started", header: "Started", align: "nowrap", sort: (run) => run.startedAt, render: (run) => formatMoment(run.startedAt) },
    { key: "why", header: "Why", align: "wide", render: (run) => <span className="small muted">{run.tags["trigger"] ?? ""}</span> },
  ];
  return <DataTable label="Runs" rows={runs} rowKey={(run) => run.id} columns={columns} />;
}

/** A run's status as a badge. */
export function RunStatus({ status }: { status: Run["status"] }) {
  if (status === "finished") return <Badge tone="good" icon="check">finished</Badge>;
  return status === "failed" ? <Badge tone="bad" icon="cross">failed</Badge> : <Badge tone="water" icon="play">running</Badge>;
}
