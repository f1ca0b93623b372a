import { formatDuration } from "../../clock.ts";
import { codeVersion } from "../../project/code-version.ts";
import { MillraceError } from "../../errors.ts";
import type { House, JsonObject, PipelineSpec } from "../../stage.ts";
import { listRuns, readRun } from "../store.ts";
import { lastBegan, letWait, markBegun, markEnded, markSkipped, readFiring } from "./firings.ts";
import { transact } from "../../storage/transactions.ts";
import { commitProject } from "./git/commit-project.ts";
import { tellOf } from "./statuses/verdict.ts";
import type { Firing, Trigger } from "./types.ts";

/**
 * Begins the run of a firing whose time has come, unless it must wait for the trigger's cool-down or for another run of its model. The run's id follows from
 * the firing's, so a process that dies between the start and the note of it starts nothing twice. `signal` breaks off what takes long; the firing waits on then.
 */
export async function beginFiring(house: House, trigger: Trigger, { id, atOnce }: { readonly id: string; readonly atOnce: boolean }, signal?: AbortSignal): Promise<void> {
  const { db, clock, log } = house;
  const firing = await readFiring(db, id);
  // Another look, of a moment ago, has seen to it.
  if (firing?.state !== "waiting") return;
  const runId = `${trigger.model}-${trigger.config.name}-${id}`;
  const now = clock.now();
  if ((await readRun(db, runId)) === undefined) {
    const { cooldown } = trigger.config;
    const last = atOnce || cooldown === 0 ? null : await lastBegan(db, trigger.name);
    if (last !== null && last + cooldown > now) return void (await letWait(db, id, `it began a run ${formatDuration(now - last)} ago and rests for ${formatDuration(cooldown)}`, last + cooldown));
    const [busy] = await listRuns(db, { model: trigger.model, state: "running", limit: 1 });
    if (busy) return void (await letWait(db, id, `it waits for the run ${busy.id} of ${trigger.model}: one at a time`));
    try {
      const spec = await specOf(house, trigger, firing, signal);
      if ("skip" in spec) return void (await markSkipped(db, id, spec.skip, clock.now()));
      await house.pipelines.start(runId, spec);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof MillraceError) || error.code.startsWith("storage.")) throw error;
      log.warn({ trigger: trigger.name, firing: id }, `The trigger ${trigger.name} could not start its pipeline: ${error.message}`);
      return transact(db, async (transaction) => {
        await markEnded(transaction, id, "failed", error.message, clock.now());
        await tellOf(transaction, trigger, (await readFiring(transaction, id))!, { state: "failed", sentence: error.message }, clock.now());
      });
    }
  }
  await transact(db, async (transaction) => {
    await markBegun(transaction, id, runId, now);
    await tellOf(transaction, trigger, (await readFiring(transaction, id))!, { state: "running", sentence: `${trigger.model} is being trained and judged` }, now);
  });
}

/** The pipeline that a firing starts, or why it starts none. */
async function specOf(house: House, trigger: Trigger, firing: Firing, signal: AbortSignal | undefined): Promise<PipelineSpec | { readonly skip: string }> {
  const { config, params } = trigger;
  const definition = house.definitions.get(trigger.definition);
  if (!definition) throw new MillraceError("pipelines.unknown_definition", 500, `There is no pipeline ${JSON.stringify(trigger.definition)}; this program has ${[...house.definitions.keys()].join(", ")}`);
  const why = { trigger: `${firing.cause}: ${config.name}, ${firing.why}`, actor: `trigger ${trigger.name}` };
  if (config.on.kind !== "git") {
    const project = { ...(params["project"] as JsonObject), ...(trigger.folder !== null && { code: await codeVersion(trigger.folder) }) };
    return definition.make(house, { ...params, project }, why);
  }
  const found = await commitProject(house, trigger, config.on, firing, { signal });
  if ("skip" in found) return found;
  const { branch, commit, subject } = found.details as { branch: string; commit: string; subject: string };
  return definition.make(house, { ...params, project: found.project as unknown as JsonObject }, { ...why, trigger: `${firing.cause}: ${config.name}, ${branch} at ${commit.slice(0, 7)}, ${subject}` });
}
