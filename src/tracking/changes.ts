import type { House } from "../stage.ts";

/** What tracking tells the house, each with when it does. */
export const trackingEvents = {
  "tracking.metrics_logged": "points of a run's metrics are on the disk; says the run and the keys",
  "tracking.run_changed": "a run ended, was deleted or restored, or got params, tags, inputs or outputs; says the run",
} as const;

/** Says that metrics were logged to a run. Called after the commit. */
export async function announceMetrics(house: House, runId: string, keys: readonly string[]): Promise<void> {
  await house.events.emit({ name: "tracking.metrics_logged", time: house.clock.now(), payload: { runId, keys } });
}

/** Says that a run has changed in another way. Called after the commit. */
export async function announceRun(house: House, runId: string): Promise<void> {
  await house.events.emit({ name: "tracking.run_changed", time: house.clock.now(), payload: { runId } });
}
