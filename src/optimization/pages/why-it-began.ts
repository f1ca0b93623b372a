import { formatDay, formatNumber, formatPercent } from "../../ui/format.ts";
import type { Decision } from "../types.ts";

/** What an alarm's evidence says of why a retraining began, as names and values; empty where only its reason tells. */
export function whyItBegan({ evidence }: Decision): (readonly [string, string])[] {
  const number = (key: string): number | null => (typeof evidence[key] === "number" ? evidence[key] : null);
  const [before, since, changedAt, rows, unseen] = [number("before"), number("since"), number("changedAt"), number("rows"), number("unseen")];
  if (before !== null && since !== null) {
    return [
      ["Live loss", `${formatNumber(before)} → ${formatNumber(since)}${before > 0 ? ` (${formatPercent(since / before - 1)} more)` : ""}`],
      ...pair("Since", changedAt, formatDay),
      ...pair("Labels since", number("labels"), formatNumber),
      ...pair("Standard errors", number("deviate"), formatNumber),
      ...(evidence["again"] === true ? [["Tried before", "yes, with half as many labels or fewer"] as const] : []),
    ];
  }
  if (rows !== null) {
    return [
      ["Labelled rows", formatNumber(rows)],
      ...pair("Not seen by the champion", unseen, formatNumber),
      ...pair("At the last attempt", before, formatNumber),
      ...pair("Growth asked for", number("growth"), formatPercent),
      ...pair("Pays after", number("interval"), (windows) => `${formatNumber(Number(windows.toFixed(1)))} windows`),
      ...pair("Waited", number("waited"), (windows) => `${formatNumber(Number(windows.toFixed(1)))} windows`),
    ];
  }
  if (number("cusum") !== null) {
    return [...pair("Expected loss", number("reference"), formatNumber), ...pair("CUSUM", number("cusum"), formatNumber), ...pair("Threshold", number("threshold"), formatNumber), ...pair("Windows", number("windows"), formatNumber)];
  }
  if (number("max") !== null) return [...pair("Live loss", number("latest"), formatNumber), ...pair("Limit", number("max"), formatNumber)];
  const features = [evidence["features"], evidence["gaps"]].flatMap((names) => (Array.isArray(names) ? (names as string[]) : []));
  return [...pair("Features that drifted", number("driftedShare"), formatPercent), ...(features.length > 0 ? [["Features", features.join(", ")] as const] : []), ...pair("Distance of the predictions", number("prediction"), formatNumber)];
}

const pair = (name: string, value: number | null, format: (value: number) => string): (readonly [string, string])[] => (value === null ? [] : [[name, format(value)]]);
