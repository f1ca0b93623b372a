import { DataTable } from "../../ui/data-table.tsx";
import { formatDay, formatMoment, formatNumber, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { lossOf } from "../error-sums.ts";
import type { WindowState } from "../types.ts";
import { describeCauses } from "../windows/describe-causes.ts";
import { monitoringApi } from "./monitoring-api.ts";

const mostAsked = 200;
const mostShown = 8;

/** Windows that have become others since they were computed: what late labels, corrections and late predictions changed of an earlier verdict. */
export function ChangedWindows({ endpoint }: { endpoint: string }) {
  const query = useLiveQuery(["monitoring", "revisions", endpoint], (signal) =>
    monitoringApi("GET /monitors/:endpoint/revisions", { params: { endpoint }, query: { limit: mostAsked } }, { signal }),
  );
  return (
    <Panel title="Windows that changed" note="A window follows from the log and the labels as they are known. What came after it was first computed changes it; what it was is kept here.">
      <Loaded query={query}>
        {({ config, revisions }) => {
          const loss = lossOf(config.task);
          const served = (states: readonly WindowState[]) => states.find(({ variant }) => variant === "served");
          const value = (states: readonly WindowState[]): string => {
            const state = served(states);
            return state === undefined ? "–" : state.sums.n === 0 ? "no labels" : `${formatNumber(state.metrics[loss])} (${formatNumber(state.sums.n)})`;
          };
          if (revisions.length === 0) return <p className="muted">None: no label and no prediction has come for a window after it was computed.</p>;
          return (
            <DataTable
              label="Windows that changed"
              rows={revisions}
              rowKey={({ start, changedAt }) => `${start} ${changedAt}`}
              pageSize={mostShown}
              columns={[
                { key: "window", header: "Window", align: "nowrap", sort: (row) => row.start, render: (row) => formatDay(row.start) },
                { key: "before", header: `${metricName(loss)} was (labels)`, align: "right", sort: (row) => served(row.before)?.metrics[loss], render: (row) => value(row.before) },
                { key: "after", header: "is (labels)", align: "right", sort: (row) => served(row.after)?.metrics[loss], render: (row) => value(row.after) },
                { key: "since", header: "Since", align: "nowrap", sort: (row) => row.changedAt, render: (row) => formatMoment(row.changedAt) },
                { key: "why", header: "Because of", align: "wide", render: (row) => describeCauses(row.why) },
              ]}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}
