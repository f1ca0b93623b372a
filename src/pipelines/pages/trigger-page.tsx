import { formatMoment, formatSpan } from "../../ui/format.ts";
import { Facts } from "../../ui/facts.tsx";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { FiringsTable } from "./firings-table.tsx";
import { pipelinesApi } from "./pipelines-api.ts";
import { TriggerButtons } from "./trigger-buttons.tsx";
import { TriggerState } from "./trigger-state.tsx";

const goals = { gate: "the gate's verdict", register: "a registered version", deploy: "the traffic" } as const;

/** One trigger, and all that fired and did not. */
export function TriggerPage({ params: { name = "" } }: PageProps) {
  const query = useLiveQuery(["pipelines", "trigger", name], (signal) => pipelinesApi("GET /triggers/:name", { params: { name }, query: { firings: 500 } }, { signal }));
  return (
    <Page title={name} crumbs={[{ title: "Triggers", to: "/triggers" }]} {...(query.data ? { lead: `Fires ${query.data.on}.`, aside: <TriggerButtons trigger={query.data} /> } : {})}>
      <Loaded query={query}>
        {(trigger) => (
          <>
            <Facts
              facts={[
                { name: "State", value: <TriggerState trigger={trigger} />, note: trigger.paused ? `by ${trigger.paused.by}, ${formatMoment(trigger.paused.since)}: ${trigger.paused.reason}` : trigger.problem ? `since ${formatMoment(trigger.problem.since)}: ${trigger.problem.message}` : undefined },
                { name: "Next", value: trigger.nextAt === null ? "when it happens" : formatMoment(trigger.nextAt) },
                { name: "Debounce", value: trigger.config.debounce === 0 ? "none" : formatSpan(trigger.config.debounce) },
                { name: "Cool-down", value: trigger.config.cooldown === 0 ? "none" : formatSpan(trigger.config.cooldown) },
                { name: "Goes up to", value: goals[trigger.config.until] },
              ]}
            />
            {trigger.firings.length === 0 ? (
              <EmptyNotice title="It has not fired yet">
                <p>What fires, and what does not and why, will stand here.</p>
              </EmptyNotice>
            ) : (
              <Panel title="What fired and what did not">
                <FiringsTable firings={trigger.firings} />
              </Panel>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}
