import type { ReactNode } from "react";
import { noMarks, type ErrorMarks } from "../../monitoring/pages/error-marks.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import type { Decision } from "../types.ts";
import { decisionMarkerLegend, decisionMarkers } from "./decision-markers.ts";
import { optimizationApi } from "./optimization-api.ts";

/** Draws something with what the loop of an endpoint decided; without, where there is no loop. */
export function WithDecisions({ endpoint, draw }: { endpoint: string; draw: (marks: ErrorMarks) => ReactNode }) {
  const loops = useLiveQuery(["optimization", "loops"], (signal) => optimizationApi("GET /loops", { signal }));
  const turns = loops.data?.loops.some((loop) => loop.endpoint === endpoint) ?? false;
  const decided = useLiveQuery(turns ? ["optimization", "decisions", endpoint] : null, (signal) => optimizationApi("GET /loops/:endpoint/decisions", { params: { endpoint }, query: {} }, { signal }));
  return <>{draw(turns && decided.data ? marksOf(decided.data.decisions) : noMarks)}</>;
}

/** The levels are of the absolute error of numbers and of the log loss of classes, which alarms are raised by (`monitoring/performance/live-rise.ts`). */
const marksOf = (decisions: readonly Decision[]): ErrorMarks => ({
  markers: decisionMarkers(decisions),
  legend: decisionMarkerLegend(decisions),
  alarms: decisions.flatMap(({ kind, time, evidence: { loss, before, since, changedAt } }) =>
    kind === "alarm" && typeof before === "number" && typeof since === "number" && typeof changedAt === "number" ? [{ metric: loss === "log_loss" ? "log_loss" : "mae", changedAt, raisedAt: time, before, since }] : [],
  ),
});
