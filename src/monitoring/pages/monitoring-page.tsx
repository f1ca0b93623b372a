import type { ReactNode } from "react";
import { useCurrentModel } from "../../ui/current-model.ts";
import { Facts } from "../../ui/facts.tsx";
import { formatDay, formatNumber, formatPercent, formatSpan, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import type { LabelCounts } from "../match-labels.ts";
import { removalText } from "../removal-text.ts";
import type { MonitorConfig } from "../types.ts";
import { unreadableText } from "../unreadable-text.ts";
import { ChangedWindows } from "./changed-windows.tsx";
import { DriftPanels } from "./drift-panels.tsx";
import type { ErrorMarks } from "./error-marks.ts";
import { LiveError } from "./live-error.tsx";
import { monitoringApi } from "./monitoring-api.ts";
import { TrafficPanel } from "./traffic-panel.tsx";

/** How the current model does in production: live error, traffic and drift. `marked` draws with what later rooms decided. */
export function MonitoringPage({ marked }: { marked: (endpoint: string, draw: (marks: ErrorMarks) => ReactNode) => ReactNode }) {
  const model = useCurrentModel();
  const monitors = useLiveQuery(["monitoring", "monitors"], (signal) => monitoringApi("GET /monitors", { signal }));
  return (
    <Page title="Monitoring" lead="Predictions joined with the labels that came later, and live inputs held against the data the model learnt from.">
      <Loaded query={monitors}>
        {(known) => {
          const config = known.monitors.find((one) => one.endpoint === model);
          return config ? (
            <>
              {config.removed ? <EmptyNotice title="Deployed no more">{removalText(config.endpoint, config.removed)}.</EmptyNotice> : null}
              <LeftOut endpoint={config.endpoint} />
              <Settings config={config} />
              {marked(config.endpoint, (marks) => <LiveError endpoint={config.endpoint} marks={marks} />)}
              <TrafficPanel endpoint={config.endpoint} />
              <ChangedWindows endpoint={config.endpoint} />
              <DriftPanels endpoint={config.endpoint} />
            </>
          ) : (
            <EmptyNotice title="Nothing is watched yet">
              <p>
                Watching begins with the first deployment: <code>millrace run</code>.
              </p>
            </EmptyNotice>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** Files of the prediction log that cannot be read. */
function LeftOut({ endpoint }: { endpoint: string }) {
  const monitor = useLiveQuery(["monitoring", "monitor", endpoint], (signal) => monitoringApi("GET /monitors/:endpoint", { params: { endpoint } }, { signal }));
  const unreadable = monitor.data?.unreadable ?? [];
  return unreadable.length === 0 ? null : <EmptyNotice title="Files of the prediction log are left out">{unreadableText(unreadable)}.</EmptyNotice>;
}

/** How many labels there are, and whether some have found no prediction. */
function labelFact({ labels, matched, waiting, ambiguous, waitingSince }: LabelCounts): { name: string; value: string; note: string } {
  const waitingNote = waitingSince === null ? "all are of a prediction" : `${formatNumber(waiting)} wait for a prediction of their request id, since ${formatDay(waitingSince)}, and count for nothing`;
  return { name: "Labels", value: formatNumber(matched), note: labels === 0 ? "none has come yet" : ambiguous === 0 ? waitingNote : `${waitingNote}; of ${formatNumber(ambiguous)} the request id has several predictions with other rows, so they count for nothing, too` };
}

function Settings({ config }: { config: MonitorConfig }) {
  const { drift, performance } = config;
  const labels = useLiveQuery(["monitoring", "labels", config.endpoint], (signal) => monitoringApi("GET /monitors/:endpoint/labels", { params: { endpoint: config.endpoint } }, { signal }));
  return (
    <section className="panel" aria-label="How it is watched">
      <Facts
        facts={[
          { name: "Watched", value: config.endpoint, note: `predicts ${config.target} (${config.task})` },
          { name: "Windows of live error", value: formatSpan(config.window), note: `labels come after ${formatSpan(config.labelDelay)}` },
          ...(labels.data ? [labelFact(labels.data)] : []),
          {
            name: "Performance alarm",
            value: performance.threshold === null ? "a rise of the live loss" : `CUSUM above ${formatNumber(performance.threshold)}`,
            note: `${performance.threshold === null ? `beyond its own spread; ${formatNumber(performance.falseAlarms ?? 0.1)} false alarms in 365 windows` : "in units of the expected loss"}${performance.max === null ? "" : `, or a window above ${formatNumber(performance.max)}`}`,
          },
          {
            name: "Drift alarm",
            value: `${metricName(drift.method)} of ${formatNumber(drift.threshold)} in features that make ${formatPercent(drift.share)} of what moves the answers`,
            note: `or of the predictions, or ${formatPercent(drift.gaps ?? 0.1)} more of a feature missing or unseen; windows of ${formatSpan(drift.window)}, at least ${formatNumber(drift.minRows)} predictions`,
          },
        ]}
      />
    </section>
  );
}
