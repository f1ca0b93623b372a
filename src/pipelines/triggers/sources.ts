import type { House, JsonObject } from "../../stage.ts";
import { cronBegins, lookAtCron, nextCronTime } from "./cron-source.ts";
import type { Look, Trigger } from "./types.ts";

/** Where a source stands when its trigger is set, or resumed: only what comes after fires. */
export async function beginSource(_house: House, { config: { on } }: Pick<Trigger, "config">, now: number): Promise<JsonObject> {
  return on.kind === "cron" ? cronBegins(now) : {};
}

/** What has happened at a source since the last look; throws where it cannot be read. */
export async function lookAtSource(_house: House, { config: { on }, cursor }: Trigger, now: number): Promise<Look> {
  return on.kind === "cron" ? lookAtCron(on, cursor, now) : { occurrences: [], cursor };
}

/** When a trigger fires next by itself, ms, as far as that is known before. */
export function nextTime({ config: { on }, cursor, paused }: Trigger): number | null {
  return on.kind === "cron" && paused === null ? nextCronTime(on, cursor) : null;
}
