import { formatDuration } from "../../clock.ts";
import { codeVersion } from "../../project/code-version.ts";
import { MillraceError } from "../../errors.ts";
import type { House, JsonObject } from "../../stage.ts";
import { listRuns, readRun } from "../store.ts";
import { lastBegan, letWait, markBegun, markEnded } from "./firings.ts";
import type { Firing, Trigger } from "./types.ts";

/**
 * Begins the run of a firing whose time has come, unless it must wait for the trigger's cool-down or for another run of its model. The run's id follows from
 * the firing's, so a process that dies between the start and the note of it starts nothing twice.
 */
export async function beginFiring(house: House, trigger: Trigger, firing: Firing & { readonly atOnce: boolean }): Promise<void> {
  const { db, clock, log } = house;
  const runId = `${trigger.model}-${trigger.config.name}-${firing.id}`;
  const now = clock.now();
  if ((await readRun(db, runId)) === undefined) {
    const { cooldown } = trigger.config;
    const last = firing.atOnce || cooldown === 0 ? null : await lastBegan(db, trigger.name);
    if (last !== null && last + cooldown > now) return void (await letWait(db, firing.id, `it began a run ${formatDuration(now - last)} ago and rests for ${formatDuration(cooldown)}`, last + cooldown));
    const [busy] = await listRuns(db, { model: trigger.model, state: "running", limit: 1 });
    if (busy) return void (await letWait(db, firing.id, `it waits for the run ${busy.id} of ${trigger.model}: one at a time`));
  }
  try {
    await startRun(house, trigger, firing, runId);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code.startsWith("storage.")) throw error;
    log.warn({ trigger: trigger.name, firing: firing.id }, `The trigger ${trigger.name} could not start its pipeline: ${error.message}`);
    return void (await markEnded(db, firing.id, "failed", error.message, clock.now()));
  }
  await markBegun(db, firing.id, runId, now);
}

async function startRun(house: House, trigger: Trigger, firing: Firing, runId: string): Promise<void> {
  const definition = house.definitions.get(trigger.definition);
  if (!definition) throw new MillraceError("pipelines.unknown_definition", 500, `There is no pipeline ${JSON.stringify(trigger.definition)}; this program has ${[...house.definitions.keys()].join(", ")}`);
  const project = { ...(trigger.params["project"] as JsonObject), ...(trigger.folder !== null && { code: await codeVersion(trigger.folder) }) };
  const why = { trigger: `${firing.cause}: ${trigger.config.name}, ${firing.why}`, actor: `trigger ${trigger.name}` };
  await house.pipelines.start(runId, await definition.make(house, { ...trigger.params, project }, why));
}
