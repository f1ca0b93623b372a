import type { Marker } from "../../ui/charts/line-chart.tsx";
import { toneColor } from "../../ui/tone.ts";
import type { Decision, DecisionKind } from "../types.ts";
import { decisionNames, decisionTones } from "./decision-kinds.ts";

/** The start of a canary follows from its alarm; marking both would say it twice. */
const marked: readonly DecisionKind[] = ["alarm", "promoted", "rolled_back", "gate_rejected", "retraining_failed"];

/** Decisions as marks on a time axis: alarms in the upper row, what came of them in the lower. */
export const decisionMarkers = (decisions: readonly Decision[]): Marker[] =>
  decisions
    .filter((decision) => marked.includes(decision.kind))
    .map((decision) => ({ x: decision.time / 1000, color: toneColor(decisionTones[decision.kind]), row: decision.kind === "alarm" ? 1 : 0 }));

/** The kinds that are marked, for the legend. */
export const decisionMarkerLegend = (decisions: readonly Decision[]): { readonly name: string; readonly color: string }[] =>
  marked.filter((kind) => decisions.some((decision) => decision.kind === kind)).map((kind) => ({ name: decisionNames[kind], color: toneColor(decisionTones[kind]) }));
