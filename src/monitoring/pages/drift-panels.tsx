import { useState } from "react";
import { HeatMap } from "../../ui/charts/heat-map.tsx";
import { count, formatDay, formatPercent, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DriftReport, FeatureDrift, ReferenceProfile } from "../types.ts";
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

/** What is missing or unseen so much more often than in training that it alarms by itself. */
function gapsOf({ features }: DriftReport): string {
  const gaps = features.filter((one) => one.gaps);
  return gaps.length === 0 ? "" : `; far more than in training is missing or unseen of ${gaps.map((one) => `${one.feature} (${formatPercent(one.missing + (one.unseen ?? 0))})`).join(", ")}`;
}

/** What moves by itself, so that the reference does not show what it does in a year. */
function unsettledOf({ features, reference }: DriftReport): string {
  const moving = features.filter((one) => one.unsettled);
  return moving.length === 0 ? "" : `. ${moving.map((one) => one.feature).join(", ")} ${moving.length === 1 ? "moves by itself and is" : "move by themselves and are"} compared with the window before: the reference covers ${reference ? count(Math.max(1, Math.round((reference.until - reference.from) / 86_400_000)), "day") : "less than a year"}, too little to show a season`;
}

function Drift({ reports, reference }: { reports: readonly DriftReport[]; reference: ReferenceProfile | null }) {
  const last = reports.at(-1)!;
  const [feature, setFeature] = useState(() => [...last.features].sort((a, b) => b.distance - a.distance)[0]?.feature ?? answers);
  const [chosen, setWindow] = useState<number | null>(null);
  const window = Math.min(chosen ?? reports.length - 1, reports.length - 1);
  const names = [...new Set(reports.flatMap((report) => report.features.map((one) => one.feature)))];
  const of = (report: DriftReport, name: string): FeatureDrift | undefined => (name === answers ? (report.prediction ?? undefined) : report.features.find((one) => one.feature === name));
  const drifted = last.features.filter((one) => one.drifted).length;
  return (
    <>
      <Panel
        title={`Drift by window (${metricName(last.method)})`}
        note={`In the window to ${formatDay(last.end)}, ${drifted} of ${count(last.features.length, "feature")} drifted (${formatPercent(last.driftedShare)}${last.features.every(({ effect }) => effect !== undefined) ? " of what moves the answers" : ""})${gapsOf(last)}${unsettledOf(last)}. Every window is compared with the data of the version that served it, so a promotion starts the comparison anew.`}
      >
        <HeatMap
          summary={`${metricName(last.method)} of ${count(names.length, "feature")} and of the prediction in ${count(reports.length, "window")} from ${formatDay(reports[0].start)} to ${formatDay(last.end)}; ${drifted} drifted in the last`}
          rowsName="feature"
          columnNames={reports.map((report) => formatDay(report.start))}
          rows={[...names, answers].map((name) => ({ name, values: reports.map((report) => of(report, name)?.distance ?? null), above: reports.map((report) => of(report, name)?.drifted ?? false) }))}
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
