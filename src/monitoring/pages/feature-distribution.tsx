import { Bars } from "../../ui/charts/bars.tsx";
import { ChartFrame, Legend } from "../../ui/charts/chart-frame.tsx";
import { formatDay, formatNumber, formatPercent, metricName } from "../../ui/format.ts";
import { Choice } from "../../ui/choice.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DriftReport, FeatureDrift, FeatureReference, ReferenceProfile } from "../types.ts";
import { comparisonText } from "../comparison-text.ts";
import { binNames } from "./bin-names.ts";

interface FeatureDistributionProps {
  readonly reports: readonly DriftReport[];
  /** That of the champion now. */
  readonly reference: ReferenceProfile | null;
  readonly feature: string;
  readonly isPrediction: boolean;
  readonly window: number;
  readonly onWindow: (window: number) => void;
}

/** One feature in one window against the data the serving version learnt from. */
export function FeatureDistribution({ reports, reference, feature, isPrediction, window, onWindow }: FeatureDistributionProps) {
  const report = reports[window];
  const drift = isPrediction ? report.prediction : report.features.find((one) => one.feature === feature);
  const expected = isPrediction ? reference?.prediction : reference?.features.find((one) => one.name === feature);
  // Bins are those of the version that served; only the champion's are known here.
  const comparable = drift && expected && drift.shares.length === expected.shares.length && report.version === reports.at(-1)!.version;
  const choice = (
    <Choice label="Window" chosen={String(window)} options={reports.map((one, index) => ({ id: String(index), name: `${formatDay(one.start)}, version ${one.version}` }))} onPick={(id) => onWindow(Number(id))} />
  );
  return (
    <Panel title={`${feature} in the window of ${formatDay(report.start)}`} aside={choice}>
      {drift ? (
        <p>
          {metricName(report.method)} <b>{formatNumber(drift.distance)}</b>, {verdictOf(drift, report.threshold)}; {formatNumber(report.rows)} predictions by version {report.version}. {formatPercent(drift.missing)} missing,{" "}
          {formatPercent(drift.missingReference)} in the reference{drift.unseen ? <>; <b>{formatPercent(drift.unseen)}</b> with a category that training did not see</> : null}
          {drift.gaps ? ": enough to alarm by itself." : "."} Compared with {comparisonText(drift, report)}.{effectText(drift)}
        </p>
      ) : (
        <p className="muted">It was not measured in this window.</p>
      )}
      {comparable ? (
        <Comparison feature={feature} expected={drift.expected ? { ...expected, shares: drift.expected } : expected} shares={drift.shares} />
      ) : drift ? (
        <p className="muted small">
          This window was compared with version {report.version}, whose bins are not those of the champion now. Choose a window of version {reports.at(-1)!.version} to see both distributions.
        </p>
      ) : null}
    </Panel>
  );
}

/** What the feature does to the model's answers. */
function effectText({ effect }: FeatureDrift): string {
  if (effect === undefined) return "";
  return effect === 0 ? " The model does not use it: it raises no alarm by itself." : ` ${formatPercent(effect)} of the variance of the model's answers hangs on it.`;
}

/** Whether a feature drifted, and why not where its distance alone would say so. */
function verdictOf({ distance, drifted, chance, unsettled, beyond = 0 }: FeatureDrift, threshold: number): string {
  const often = chance === undefined ? "" : `chance gives that in ${chance < 0.001 ? "fewer than 1 of 1000 windows" : `${formatPercent(chance)} of windows`}`;
  if (drifted && beyond > 0.005) return `drifted (${formatPercent(beyond)} of its values lie far outside of the reference)`;
  if (unsettled) return drifted ? `drifted (far from the window before: ${often})` : "not drifted (its distance from the reference does not count)";
  if (drifted) return `drifted (threshold ${formatNumber(threshold)}${often && `, and ${often}`})`;
  return distance >= threshold ? `not drifted (above the threshold of ${formatNumber(threshold)}${often && `, but ${often}`})` : `not drifted (threshold ${formatNumber(threshold)})`;
}

function Comparison({ feature, expected, shares }: { feature: string; expected: FeatureReference; shares: readonly number[] }) {
  const names = binNames(expected);
  const summary = `Distribution of ${feature}: ${names.map((name, index) => `${name} ${formatPercent(shares[index])} (reference ${formatPercent(expected.shares[index])})`).join(", ")}`;
  const table = () => ({ columns: ["bin", "window", "reference"], rows: names.map((name, index) => [name, formatPercent(shares[index]), formatPercent(expected.shares[index])]) });
  return (
    <ChartFrame
      summary={summary}
      table={table}
      legend={
        <Legend
          items={[
            { name: "this window", color: "var(--water)" },
            { name: "reference", color: "var(--copper)" },
          ]}
        />
      }
    >
      <Bars summary={summary} values={shares} outline={expected.shares} height={150} titleOf={(index) => `${names[index]}: ${formatPercent(shares[index])}, reference ${formatPercent(expected.shares[index])}`} />
      <ul style={{ display: "grid", gridTemplateColumns: `repeat(${names.length}, minmax(0, 1fr))`, columnGap: "0.3rem" }} className="small muted" aria-hidden="true">
        {names.map((name) => (
          <li key={name} style={{ textAlign: "center", overflow: "hidden", textOverflow: "ellipsis", fontSize: "0.78rem" }} title={name}>
            {name}
          </li>
        ))}
      </ul>
    </ChartFrame>
  );
}
