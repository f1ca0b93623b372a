import { Anchor } from "../../ui/anchor.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { FiringsTable } from "./firings-table.tsx";
import { PipelineState } from "./pipeline-state.tsx";
import { pipelinesApi } from "./pipelines-api.ts";
import { TriggerButtons } from "./trigger-buttons.tsx";
import { TriggerState } from "./trigger-state.tsx";

/** What starts pipelines by itself, when next, and what came of the last times. */
export function TriggersPage() {
  const model = useCurrentModel();
  const triggers = useLiveQuery(["pipelines", "triggers", model], (signal) => pipelinesApi("GET /triggers", { query: { firings: 1, ...(model === null ? {} : { model }) } }, { signal }));
  const log = useLiveQuery(["pipelines", "firings"], (signal) => pipelinesApi("GET /firings", { query: { limit: 200 } }, { signal }));
  return (
    <Page title="Triggers" lead="What starts a project's pipeline by itself: times, changed data, commits, versions, pipelines, alarms, and whoever asks.">
      <Loaded query={triggers}>
        {({ triggers: all }) =>
          all.length === 0 ? (
            <EmptyNotice title={model === null ? "No model has a trigger" : `${model} has no trigger`}>
              <p>
                The section <code>triggers</code> of a <code>millrace.yaml</code> describes them, as in <code>{'nightly: { cron: "0 3 * * *" }'}</code>; <code>millrace run</code> sets them.
              </p>
            </EmptyNotice>
          ) : (
            <Panel title="On the watch">
              <DataTable
                label="Triggers"
                rows={all}
                rowKey={(one) => one.name}
                words={(one) => [one.name, one.on]}
                columns={[
                  { key: "name", header: "Trigger", sort: (one) => one.name, render: (one) => <Anchor to={`/triggers/${encodeURIComponent(one.name)}`}>{one.name}</Anchor> },
                  { key: "state", header: "State", render: (one) => <TriggerState trigger={one} /> },
                  { key: "on", header: "Fires", align: "wide", render: (one) => <span className="small">{one.problem ? one.problem.message : one.on}</span> },
                  { key: "next", header: "Next", align: "nowrap", sort: (one) => one.nextAt ?? Number.MAX_SAFE_INTEGER, render: (one) => (one.nextAt === null ? "–" : formatMoment(one.nextAt)) },
                  { key: "last", header: "Last", align: "nowrap", sort: (one) => one.firings[0]?.askedAt ?? 0, render: (one) => (one.firings[0] ? <PipelineState state={one.firings[0].state} /> : "–") },
                  { key: "do", header: "Do", render: (one) => <TriggerButtons trigger={one} /> },
                ]}
              />
            </Panel>
          )
        }
      </Loaded>
      <Loaded query={log}>
        {({ firings }) => {
          const shown = firings.filter((one) => model === null || one.model === model);
          return shown.length === 0 ? null : (
            <Panel title="What fired and what did not">
              <FiringsTable firings={shown} named />
            </Panel>
          );
        }}
      </Loaded>
    </Page>
  );
}
