import { errorWindows } from "../monitoring/monitoring.ts";
import type { MonitorConfig } from "../monitoring/types.ts";
import type { House } from "../stage.ts";

/** Windows that a rate is taken from. */
const looksBack = 28;

/** How many predictions and labels a window brings: means over the last 28 windows that had any, at least one of each. */
export async function windowTraffic(house: House, config: MonitorConfig): Promise<{ readonly predictions: number; readonly labels: number }> {
  const served = (await errorWindows(house.db, config, { variant: "served" })).filter(({ predictions }) => predictions > 0).slice(-looksBack);
  const mean = (of: (window: (typeof served)[number]) => number): number => Math.max(1, served.reduce((sum, window) => sum + of(window), 0) / Math.max(1, served.length));
  return { predictions: mean(({ predictions }) => predictions), labels: mean(({ sums }) => sums.n) };
}
