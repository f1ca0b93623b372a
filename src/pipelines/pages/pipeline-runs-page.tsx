import { Anchor } from "../../ui/anchor.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment, formatSpan, shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { PipelineState } from "./pipeline-state.tsx";
import { pipelinesApi } from "./pipelines-api.ts";

/** All pipeline runs of a model, newest first. */
export function PipelineRunsPage() {
  const model = useCurrentModel();
  const query = useLiveQuery(["pipelines", "runs", model], (signal) => pipelinesApi("GET /runs", { query: { limit: 500, ...(model === null ? {} : { model }) } }, { signal }));
  return (
    <Page title="Pipelines" lead="Every walk from data to a decision, step by step. A run that was cut off goes on from its last finished step.">
      <Loaded query={query}>
        {({ runs }) =>
          runs.length === 0 ? (
            <EmptyNotice title="No pipeline has run yet">
              <p>
                <code>millrace run</code> runs the first one.
              </p>
            </EmptyNotice>
          ) : (
            <Panel title="Pipeline runs">
              <DataTable
                label="Pipeline runs"
                rows={runs}
                rowKey={(run) => run.id}
                words={(run) => [run.id, run.state, run.name, run.reason ?? run.trigger]}
                columns={[
                  { key: "id", header: "Run", sort: (run) => run.id, render: (run) => <Anchor to={`/pipelines/${encodeURIComponent(run.id)}`}>{shortId(run.id)}</Anchor> },
                  { key: "state", header: "State", sort: (run) => run.state, render: (run) => <PipelineState state={run.state} /> },
                  { key: "name", header: "Pipeline", sort: (run) => run.name, render: (run) => run.name },
                  { key: "began", header: "Began", align: "nowrap", sort: (run) => run.createdAt, render: (run) => formatMoment(run.createdAt) },
                  { key: "took", header: "Took", align: "right", sort: (run) => (run.finishedAt ?? run.createdAt) - run.createdAt, render: (run) => (run.finishedAt === null ? "–" : formatSpan(run.finishedAt - run.createdAt)) },
                  { key: "why", header: "Why", align: "wide", render: (run) => <span className="small muted">{run.reason ?? run.trigger}</span> },
                ]}
              />
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}
