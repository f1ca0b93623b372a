import type { House } from "../stage.ts";

/** What tracking tells the house, each with when it does. */
export const trackingEvents = {
  "tracking.metrics_logged": "points of a run's metrics are on the disk; says the run, the keys, and how many points of each",
  "tracking.run_changed": "a run ended, was deleted or restored, or got params, tags, inputs or outputs; says the run",
} as const;

/** Says that metrics were logged to a run. Called after the commit. */
export async function announceMetrics(house: House, runId: string, points: readonly { readonly key: string }[]): Promise<void> {
  const counts = new Map<string, number>();
  for (const { key } of points) counts.set(key, (counts.get(key) ?? 0) + 1);
  await house.events.emit({ name: "tracking.metrics_logged", time: house.clock.now(), payload: { runId, keys: [...counts.keys()], points: [...counts.values()] } });
}

/** Says that a run has changed in another way. Called after the commit. */
export async function announceRun(house: House, runId: string): Promise<void> {
  await house.events.emit({ name: "tracking.run_changed", time: house.clock.now(), payload: { runId } });
}
