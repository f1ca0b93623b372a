import type { LegendItem } from "../../ui/charts/chart-frame.tsx";
import type { Marker } from "../../ui/charts/line-chart.tsx";

/** What a later room knows of the live error: its decisions, and the levels between which its alarms saw the loss rise. */
export interface ErrorMarks {
  readonly markers: readonly Marker[];
  readonly legend: readonly LegendItem[];
  /** In order of time; ms. `metric` is what the levels are of. */
  readonly alarms: readonly { readonly metric: string; readonly changedAt: number; readonly raisedAt: number; readonly before: number; readonly since: number }[];
}

export const noMarks: ErrorMarks = { markers: [], legend: [], alarms: [] };

/** The level of the loss by the alarms, for spans that begin at these times: what it was until it rose, what it is from then until the alarm; null where no alarm says. */
export function alarmLine(starts: readonly number[], metric: string, alarms: ErrorMarks["alarms"]): (number | null)[] {
  const told = alarms.filter((alarm) => alarm.metric === metric);
  return starts.map((start) => {
    const index = told.findIndex(({ raisedAt }) => start <= raisedAt);
    return index < 0 ? null : start < told[index].changedAt ? told[index].before : told[index].since;
  });
}
