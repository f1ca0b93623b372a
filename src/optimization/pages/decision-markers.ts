import type { LegendItem } from "../../ui/charts/chart-frame.tsx";
import type { Marker } from "../../ui/charts/line-chart.tsx";
import { toneColor } from "../../ui/tone.ts";
import type { Decision, DecisionKind } from "../types.ts";
import { decisionNames, decisionTones } from "./decision-kinds.ts";

/** The start of a canary follows from its alarm; marking both would say it twice. */
const marked: readonly DecisionKind[] = ["alarm", "promoted", "rolled_back", "gate_rejected", "retraining_failed"];

/** Decisions as marks on a time axis: alarms in the upper row, what came of them in the lower; a ring where an alarm says that things changed. */
export const decisionMarkers = (decisions: readonly Decision[]): Marker[] => [
  ...changePoints(decisions).map((time): Marker => ({ x: time / 1000, color: toneColor("copper"), row: 1, ring: true })),
  ...decisions
    .filter((decision) => marked.includes(decision.kind))
    .map((decision): Marker => ({ x: decision.time / 1000, color: toneColor(decisionTones[decision.kind]), row: decision.kind === "alarm" ? 1 : 0 })),
];

/** Since when the live loss is higher, by the alarms that say so; ms, each once. */
const changePoints = (decisions: readonly Decision[]): number[] => [
  ...new Set(decisions.flatMap(({ kind, evidence: { changedAt } }) => (kind === "alarm" && typeof changedAt === "number" ? [changedAt] : []))),
];

/** What is marked, for the legend. */
export const decisionMarkerLegend = (decisions: readonly Decision[]): LegendItem[] => [
  ...(changePoints(decisions).length > 0 ? [{ name: "loss rose, by an alarm", color: toneColor("copper"), ring: true }] : []),
  ...marked.filter((kind) => decisions.some((decision) => decision.kind === kind)).map((kind) => ({ name: decisionNames[kind], color: toneColor(decisionTones[kind]) })),
];
