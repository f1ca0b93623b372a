import { isoDate } from "../clock.ts";
import type { Removal } from "../serving/types.ts";

/** What a watch says whose deployment was taken away, without the full stop. */
export const removalText = (endpoint: string, { time, actor, reason }: Removal): string =>
  `${endpoint} is deployed no more: removed on ${isoDate(time)} by ${actor} (${reason}). Labels of its predictions are still taken, and nothing new is predicted until a version is deployed again`;
