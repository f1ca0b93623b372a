import { conflict } from "../../errors.ts";
import type { TriggerOn } from "../../project/triggers.ts";
import type { Event } from "../../events.ts";
import type { JsonObject } from "../../stage.ts";
import { lastAuditSeq, readAuditAfter } from "../../storage/audit.ts";
import type { Database } from "../../storage/database.ts";
import { succeededSince } from "../store.ts";
import type { Look, Occurrence, Trigger } from "./types.ts";

type On<Kind extends TriggerOn["kind"]> = Extract<TriggerOn, { readonly kind: Kind }>;

const mostEntries = 500;

/** Versions that are registered from now on. */
export const registeredBegins = async (db: Database): Promise<JsonObject> => ({ seq: await lastAuditSeq(db) });

/** The versions of a model that the audit log tells of. Those that a pipeline of the trigger's own model registered do not count: it would start itself. */
export async function lookAtRegistered(db: Database, { model: own }: Trigger, on: On<"registered">, cursor: JsonObject): Promise<Look> {
  const entries = await readAuditAfter(db, Number(cursor["seq"]), mostEntries);
  if (entries.length === 0) return { occurrences: [], cursor };
  const registered = entries.filter(({ action, object, details }) => action === "registry.version_registered" && object === `model/${on.model}` && !(on.model === own && details["artifact"] !== undefined));
  const occurrences = registered.map(({ seq, actor, details }): Occurrence => ({ cause: "registered", key: `audit ${seq}`, lane: "registered", why: `${actor} registered version ${String(details["version"])} of ${on.model}`, details: { model: on.model, version: Number(details["version"]) } }));
  return { occurrences, cursor: { seq: entries.at(-1)!.seq } };
}

/** Runs that end from now on. */
export const pipelineBegins = (now: number): JsonObject => ({ after: now });

/** The pipeline runs of another model that have ended well. */
export async function lookAtPipeline(db: Database, on: On<"pipeline">, cursor: JsonObject): Promise<Look> {
  const runs = await succeededSince(db, on.model, Number(cursor["after"]));
  const fresh = runs.filter(({ id }) => id !== cursor["last"]);
  if (fresh.length === 0) return { occurrences: [], cursor };
  const last = fresh.at(-1)!;
  // Of runs that ended in the same moment, those that were found before are known by their key.
  return { occurrences: fresh.map(({ id, name }) => ({ cause: "pipeline", key: `run ${id}`, lane: "pipeline", why: `the pipeline ${name} of ${on.model} ended well: ${id}`, details: { run: id } })), cursor: { after: last.finishedAt, last: last.id } };
}

/** The events that are alarms. */
export const alarmEvents = ["monitoring.drift_detected", "optimization.retraining_started", "optimization.retraining_wanted"] as const;

/** What an event is to a trigger on alarms; undefined where it is none of them. */
export function alarmOf(on: On<"alarm">, { name, time, payload }: Event): Occurrence | undefined {
  if (payload["endpoint"] !== on.endpoint) return undefined;
  const drift = name === "monitoring.drift_detected";
  // A retraining for drift was told of as drift, and one for new data is no alarm.
  if (!drift && payload["kind"] !== "performance") return undefined;
  const kind = drift ? "drift" : "performance";
  const at = drift ? Number(payload["end"]) : time;
  return { cause: "alarm", key: `alarm ${kind} ${on.endpoint} ${at}`, lane: "alarm", why: drift ? `drift at ${on.endpoint} in the window that ended at ${new Date(at).toISOString()}` : `an alarm on the live error of ${on.endpoint}: ${String(payload["reason"])}`, details: { kind, endpoint: on.endpoint } };
}

/** Throws `pipelines.trigger_cycle` where the runs of a model would start runs of that model again, by whatever way. */
export function refuseCycles(model: string, triggers: readonly Pick<Trigger, "model" | "config">[]): void {
  const after = (upstream: string): string[] => triggers.filter(({ model, config: { on } }) => (on.kind === "pipeline" || on.kind === "registered") && on.model === upstream && !(on.kind === "registered" && on.model === model)).map((one) => one.model);
  const walk = (at: string, path: readonly string[]): void => {
    for (const next of after(at)) {
      if (next === model) throw conflict("pipelines.trigger_cycle", `A run of ${model} would start itself again and again: ${[...path, next].join(" starts ")}`);
      if (!path.includes(next)) walk(next, [...path, next]);
    }
  };
  walk(model, [model]);
}
