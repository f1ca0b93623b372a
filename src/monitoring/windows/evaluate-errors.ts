import type { House } from "../../stage.ts";
import { matchLabels } from "../match-labels.ts";
import { noErrors } from "../error-sums.ts";
import { monitoringTables } from "../store.ts";
import type { MonitorConfig, TimeWindow } from "../types.ts";
import { computeWindow } from "./compute-window.ts";
import { windowParts } from "./window-part.ts";
import { replaceWindow } from "./revisions.ts";
import { forgetTouched, readTouched, within, type TouchedMinute } from "./touched.ts";

/**
 * Brings the windows of live error to what log and labels say at `now`: computes every window whose labels are due and that is not computed yet, and computes
 * again those that a label, a correction, a prediction or a retry has come for since, however old they are. So the windows are the same whatever came in which
 * order; what is changed of an earlier one is kept as a revision. The same call gives the same rows.
 */
export async function evaluateErrors(house: House, config: MonitorConfig, since: number, now: number): Promise<void> {
  const { endpoint } = config;
  await matchLabels(house, endpoint);
  const { minutes, mark } = await readTouched(house.db, endpoint, now);
  for (const { window, touched } of await touchedWindows(house, endpoint, minutes)) {
    const parts = await computeWindow(house, config, window, now);
    // A log that was cleared away says nothing about what was in it.
    if (parts) await replaceWindow(house.db, endpoint, window, parts, { now, touched });
  }
  const last = await monitoringTables(house.db)
    .selectFrom("error_windows")
    .select(({ fn }) => fn.max("end").as("end"))
    .where("endpoint", "=", endpoint)
    .executeTakeFirst();
  for (let from = last?.end ?? since; from + config.window + config.labelDelay <= now; from += config.window) {
    const window = { from, until: from + config.window };
    await replaceWindow(house.db, endpoint, window, (await computeWindow(house, config, window, now)) ?? empty, { now, touched: [] });
  }
  await forgetTouched(house.db, endpoint, now, mark);
}

/** A window without traffic is a window. */
const empty = windowParts([], noErrors, 0);

/** The windows that are computed and reach into one of these minutes, oldest first. */
async function touchedWindows(house: House, endpoint: string, minutes: readonly TouchedMinute[]): Promise<{ window: TimeWindow; touched: readonly TouchedMinute[] }[]> {
  if (minutes.length === 0) return [];
  const windows = await monitoringTables(house.db)
    .selectFrom("error_windows")
    .select(["start", "end"])
    .distinct()
    .where("endpoint", "=", endpoint)
    .where("end", ">", minutes[0].minute)
    .where("start", "<", minutes.at(-1)!.minute + 60_000)
    .orderBy("start")
    .execute();
  return windows
    .map(({ start, end }) => ({ from: start, until: end }))
    .map((window) => ({ window, touched: within(minutes, window) }))
    .filter(({ touched }) => touched.length > 0);
}
