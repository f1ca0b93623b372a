import { formatDuration } from "../../clock.ts";
import type { TriggerOn } from "../../project/triggers.ts";
import type { Database } from "../../storage/database.ts";
import { listFirings } from "./firings.ts";
import { nextTime } from "./sources.ts";
import type { Firing, Trigger } from "./types.ts";

/** A trigger as it is shown. */
export interface TriggerView extends Pick<Trigger, "name" | "model" | "config" | "paused" | "problem"> {
  /** What fires it, in words. */
  readonly on: string;
  /** When it fires next by itself, as far as that is known before. */
  readonly nextAt: number | null;
  /** The newest first. */
  readonly firings: readonly Firing[];
}

export async function viewOf(db: Database, trigger: Trigger, firings: number): Promise<TriggerView> {
  const { name, model, config, paused, problem } = trigger;
  return { name, model, config, paused, problem, on: onText(config.on), nextAt: nextTime(trigger), firings: await listFirings(db, { trigger: name, limit: firings }) };
}

function onText(on: TriggerOn): string {
  if (on.kind === "cron") return `at ${on.expression} (${on.zone}); missed times: ${on.missed}${on.missed === "all" ? `, up to ${on.limit}` : ""}`;
  if (on.kind === "data") return `when ${on.file} has changed, looked at every ${formatDuration(on.every)}`;
  if (on.kind === "git") return `when ${on.branches.join(" or ")} of ${on.repository} has moved${on.paths.length > 0 ? ` and ${on.paths.join(" or ")} changed` : ""}${on.every === null ? "" : `, looked at every ${formatDuration(on.every)}`}${on.webhook === null ? "" : `, told by web hooks of ${on.webhook.from}`}`;
  if (on.kind === "registered") return `when somebody registers a version of ${on.model}`;
  if (on.kind === "pipeline") return `when a pipeline of ${on.model} has ended well`;
  if (on.kind === "alarm") return `when the watch of ${on.endpoint} raises an alarm`;
  return "when it is asked for";
}

/** What else its project says of it, in words; null where nothing. */
export function limitsText({ debounce, cooldown, until }: Trigger["config"]): string | null {
  const said = [
    ...(debounce > 0 ? [`fires when nothing more has come for ${formatDuration(debounce)}`] : []),
    ...(cooldown > 0 ? [`rests for ${formatDuration(cooldown)} after a firing`] : []),
    ...(until === "deploy" ? [] : [until === "gate" ? "ends with the gate's verdict" : "ends with a registered version"]),
  ];
  return said.length === 0 ? null : said.join("; ");
}
