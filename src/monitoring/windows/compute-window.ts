import type { House } from "../../stage.ts";
import { addErrors, errorOf, noErrors } from "../error-sums.ts";
import { countPredictions, eachLabelled } from "../prediction-log.ts";
import type { ErrorSums, MonitorConfig, TimeWindow } from "../types.ts";

/** One variant's part of a window. */
export interface WindowPart {
  /** `served`: what clients got. */
  readonly variant: string;
  readonly version: number;
  readonly predictions: number;
  readonly sums: ErrorSums;
}

/**
 * The live error of a window, from log and labels as they were known at `now` and from nothing else, summed in order of event time, request id and row: for what
 * clients got (`served`) and for each variant over all it answered, in the open or in the shadow. Undefined when the log has no file of the window's days.
 */
export async function computeWindow(house: House, config: MonitorConfig, window: TimeWindow, now: number): Promise<WindowPart[] | undefined> {
  const predictions = await countPredictions(house, config.endpoint, window);
  if (predictions === undefined) return undefined;
  const parts = new Map<string, { variant: string; version: number; sums: ErrorSums }>();
  const add = (variant: string, version: number, error: ErrorSums): void => {
    const key = `${variant} ${version}`;
    parts.set(key, { variant, version, sums: addErrors(parts.get(key)?.sums ?? noErrors, error) });
  };
  await eachLabelled(house, config.endpoint, window, now, (prediction) => {
    const error = errorOf(config.task, prediction);
    add(prediction.variant, prediction.version, error);
    if (!prediction.shadow) add("served", 0, error);
  });
  if (parts.size === 0) add("served", 0, noErrors);
  return [...parts.values()].map((part) => ({ ...part, predictions }));
}
