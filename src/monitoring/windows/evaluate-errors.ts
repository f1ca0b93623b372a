import { day } from "../../clock.ts";
import type { House } from "../../stage.ts";
import { lock, transact } from "../../storage/transactions.ts";
import { addErrors, errorOf, noErrors } from "../error-sums.ts";
import { labelsArrived } from "../labels.ts";
import { countPredictions, labelledPredictions, type TimeWindow } from "../prediction-log.ts";
import { monitoringTables } from "../store.ts";
import type { ErrorSums, MonitorConfig } from "../types.ts";

/** How far back a window may lie that late labels still complete. */
const lateDays = 30;

/**
 * Computes the live error of every window whose labels are due at `now` and that is not computed yet: for what clients got (`served`)
 * and for each variant over all it answered, in the open or in the shadow. Windows that still lacked labels are computed again when
 * labels have arrived since `before` (the last call; absent, nothing is taken up again). The same call gives the same rows.
 */
export async function evaluateErrors(house: House, config: MonitorConfig, since: number, now: number, before?: number): Promise<void> {
  const windows = monitoringTables(house.db).selectFrom("error_windows").where("endpoint", "=", config.endpoint);
  const last = await windows.select(({ fn }) => fn.max("end").as("end")).executeTakeFirst();
  if (before !== undefined && (await labelsArrived(house.db, config.endpoint, before, now))) {
    const served = await windows
      .select(["start", "end", "predictions", "sums"])
      .where("variant", "=", "served")
      .where("end", ">", now - lateDays * day)
      .execute();
    for (const { start, end, predictions, sums } of served) {
      if ((JSON.parse(sums) as ErrorSums).n < predictions) await computeWindow(house, config, { from: start, until: end }, now);
    }
  }
  for (let start = last?.end ?? since; start + config.window + config.labelDelay <= now; start += config.window) {
    await computeWindow(house, config, { from: start, until: start + config.window }, now);
  }
}

async function computeWindow(house: House, config: MonitorConfig, window: TimeWindow, now: number): Promise<void> {
  const sums = new Map<string, { variant: string; version: number; sums: ErrorSums }>();
  for (const prediction of await labelledPredictions(house, config.endpoint, window, now)) {
    const error = errorOf(config.task, prediction);
    for (const variant of prediction.shadow ? [prediction.variant] : [prediction.variant, "served"]) {
      const version = variant === "served" ? 0 : prediction.version;
      const known = sums.get(`${variant} ${version}`);
      sums.set(`${variant} ${version}`, { variant, version, sums: addErrors(known?.sums ?? noErrors, error) });
    }
  }
  if (sums.size === 0) sums.set("served", { variant: "served", version: 0, sums: noErrors });
  const predictions = await countPredictions(house, config.endpoint, window);
  await transact(house.db, async (transaction) => {
    await lock(transaction, `monitoring.windows ${config.endpoint}`);
    const tables = monitoringTables(transaction);
    await tables.deleteFrom("error_windows").where("endpoint", "=", config.endpoint).where("start", "=", window.from).execute();
    await tables
      .insertInto("error_windows")
      .values(
        [...sums.values()].map((one) => ({
          endpoint: config.endpoint,
          start: window.from,
          end: window.until,
          variant: one.variant,
          version: one.version,
          predictions,
          sums: JSON.stringify(one.sums),
        })),
      )
      .execute();
  });
}
