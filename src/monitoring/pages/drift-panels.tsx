import { useState } from "react";
import { HeatMap } from "../../ui/charts/heat-map.tsx";
import { count, formatDay, formatPercent, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DriftReport, ReferenceProfile } from "../types.ts";
import { FeatureDistribution } from "./feature-distribution.tsx";
import { monitoringApi } from "./monitoring-api.ts";

/** Drift of every feature in every window, and one feature's distribution against the reference. */
export function DriftPanels({ endpoint }: { endpoint: string }) {
  const query = useLiveQuery(["monitoring", "drift", endpoint], (signal) => monitoringApi("GET /monitors/:endpoint/drift", { params: { endpoint } }, { signal }));
  return (
    <Loaded query={query}>
      {({ reference, reports }) =>
        reports.length === 0 ? (
          <Panel title="Drift">
            <p className="muted">No window is judged yet: the first one is, once it has ended and has enough predictions.</p>
          </Panel>
        ) : (
          <Drift reports={reports} reference={reference} />
        )
      }
    </Loaded>
  );
}

const answers = "prediction";

function Drift({ reports, reference }: { reports: readonly DriftReport[]; reference: ReferenceProfile | null }) {
  const last = reports.at(-1)!;
  const [feature, setFeature] = useState(() => [...last.features].sort((a, b) => b.distance - a.distance)[0]?.feature ?? answers);
  const [chosen, setWindow] = useState<number | null>(null);
  const window = Math.min(chosen ?? reports.length - 1, reports.length - 1);
  const names = [...new Set(reports.flatMap((report) => report.features.map((one) => one.feature)))];
  const distance = (report: DriftReport, name: string): number | null =>
    (name === answers ? report.prediction : report.features.find((one) => one.feature === name))?.distance ?? null;
  const drifted = last.features.filter((one) => one.drifted).length;
  return (
    <>
      <Panel
        title={`Drift by window (${metricName(last.method)})`}
        note={`In the window to ${formatDay(last.end)}, ${drifted} of ${count(last.features.length, "feature")} drifted (${formatPercent(last.driftedShare)}). Every window is compared with the data of the version that served it, so a promotion starts the comparison anew.`}
      >
        <HeatMap
          summary={`${metricName(last.method)} of ${count(names.length, "feature")} and of the prediction in ${count(reports.length, "window")} from ${formatDay(reports[0].start)} to ${formatDay(last.end)}; ${drifted} drifted in the last`}
          rowsName="feature"
          columnNames={reports.map((report) => formatDay(report.start))}
          rows={[...names, answers].map((name) => ({ name, values: reports.map((report) => distance(report, name)) }))}
          threshold={last.threshold}
          selected={{ row: feature, column: window }}
          onSelect={(name, column) => {
            setFeature(name);
            setWindow(column);
          }}
        />
      </Panel>
      <FeatureDistribution reports={reports} reference={reference} feature={feature} window={window} onWindow={setWindow} isPrediction={feature === answers} />
    </>
  );
}
