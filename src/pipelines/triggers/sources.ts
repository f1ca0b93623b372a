import type { House, JsonObject } from "../../stage.ts";
import { cronBegins, lookAtCron, nextCronTime } from "./cron-source.ts";
import { dataBegins, lookAtData } from "./data-source.ts";
import { gitBegins, lookAtGit } from "./git/git-source.ts";
import { lookAtPipeline, lookAtRegistered, pipelineBegins, registeredBegins } from "./upstream-sources.ts";
import type { Look, Trigger } from "./types.ts";

/** Where a source stands when its trigger is set: only what comes after fires. */
export async function beginSource({ db }: Pick<House, "db">, { config: { on } }: Pick<Trigger, "config">, now: number): Promise<JsonObject> {
  switch (on.kind) {
    case "cron":
      return cronBegins(now);
    case "data":
      return dataBegins(on);
    case "git":
      return gitBegins(on);
    case "registered":
      return registeredBegins(db);
    case "pipeline":
      return pipelineBegins(now);
    default:
      return {};
  }
}

/** What has happened at a source since the last look; throws where it cannot be read. */
export async function lookAtSource({ db }: Pick<House, "db">, trigger: Trigger, now: number, signal: AbortSignal | undefined): Promise<Look> {
  const { config: { on }, cursor } = trigger;
  switch (on.kind) {
    case "cron":
      return lookAtCron(on, cursor, now);
    case "data":
      return lookAtData(on, cursor);
    case "git":
      return lookAtGit(on, cursor, now, { signal });
    case "registered":
      return lookAtRegistered(db, trigger, on, cursor);
    case "pipeline":
      return lookAtPipeline(db, on, cursor);
    default:
      return { occurrences: [], cursor };
  }
}

/** How long a source is let be between two looks, ms. */
export const restOf = ({ config: { on } }: Trigger): number => (on.kind === "data" || on.kind === "git" ? (on.every ?? 0) : 0);

/** When a trigger fires next by itself, ms, as far as that is known before. */
export function nextTime({ config: { on }, cursor, paused }: Trigger): number | null {
  return on.kind === "cron" && paused === null ? nextCronTime(on, cursor) : null;
}
