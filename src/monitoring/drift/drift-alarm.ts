import { isoDate } from "../../clock.ts";
import type { Alarm, DriftReport, FeatureDrift } from "../types.ts";

/** The drift alarm of a report, in words: what drifted, what is missing or unseen, whether the answers moved. */
export function driftAlarm(report: DriftReport): Alarm {
  const drifted = report.features.filter((feature) => feature.drifted).sort((a, b) => b.distance - a.distance);
  const gaps = report.features.filter((feature) => feature.gaps).sort((a, b) => absent(b) - absent(a));
  const { method, threshold, prediction } = report;
  const sentences = [
    ...(drifted.length > 0 || gaps.length === 0
      ? [`${drifted.length} of ${report.features.length} features drifted in the window to ${isoDate(report.end)} (${method} ≥ ${threshold})${drifted.length > 0 ? `: ${listed(drifted, distanceOf)}${weightOf(report)}` : ""}`]
      : []),
    ...(gaps.length > 0 ? [`${listed(gaps, gapOf)}${drifted.length > 0 ? "" : ` in the window to ${isoDate(report.end)}`}`] : []),
    ...(prediction?.drifted ? [`the predictions drifted (${method} ${prediction.distance.toFixed(2)})`] : []),
  ];
  return {
    kind: "drift",
    message: sentences.join("; "),
    evidence: {
      driftedShare: report.driftedShare,
      features: drifted.map((feature) => feature.feature),
      ...(gaps.length > 0 && { gaps: gaps.map((feature) => feature.feature) }),
      ...(prediction?.drifted && { prediction: prediction.distance }),
    },
  };
}

/** A feature's distance, in words where it is not that from the whole reference. */
function distanceOf({ feature, distance, unsettled, step, beyond = 0 }: FeatureDrift): string {
  if (beyond > 0.005) return `${feature} (far outside of the reference in ${percent(beyond)} of the rows)`;
  return unsettled ? `${feature} ${(step ?? 0).toFixed(2)} from the window before` : `${feature} ${distance.toFixed(2)}`;
}

/** What the features that drifted do to the answers, where that is known. */
const weightOf = ({ features, driftedShare }: DriftReport): string => (features.every(({ effect }) => effect !== undefined) ? `, which make ${percent(driftedShare)} of what moves the answers` : "");

const absent = ({ missing, unseen = 0 }: FeatureDrift): number => missing + unseen;
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

function gapOf({ feature, missing, missingReference, unseen = 0 }: FeatureDrift): string {
  const parts = [
    ...(missing - missingReference > 0.005 ? [`missing in ${percent(missing)} of the rows (${percent(missingReference)} in training)`] : []),
    ...(unseen > 0.005 ? [`a category that training did not see in ${percent(unseen)}`] : []),
  ];
  return `${feature} is ${parts.join(" and ")}`;
}

const listed = (features: readonly FeatureDrift[], word: (feature: FeatureDrift) => string): string =>
  `${features.slice(0, 3).map(word).join(", ")}${features.length > 3 ? ` and ${features.length - 3} more` : ""}`;
