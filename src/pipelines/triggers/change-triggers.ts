import { conflict, invalid } from "../../errors.ts";
import type { Project } from "../../project/project.ts";
import type { House, JsonObject } from "../../stage.ts";
import { appendAudit } from "../../storage/audit.ts";
import { lock, transact } from "../../storage/transactions.ts";
import { skipWaiting, takeOccurrence, type Taken } from "./firings.ts";
import { beginSource } from "./sources.ts";
import { deleteTrigger, listTriggers, readTrigger, writeTrigger } from "./store.ts";
import { refuseCycles } from "./upstream-sources.ts";
import type { Trigger } from "./types.ts";

const locked = "pipelines.triggers";

/** What triggers start: the path of the project that they stand in. */
const definitionName = "optimization.train";

/**
 * Sets the triggers of a project in place of those that its model had; one that was there with the same source stays as far as it was, and paused if it was.
 *
 * @param folder the folder of the project's file, whose commit is named in what its runs make
 * @param key what the caller shows of `<home>/run/recipe.key`; asked for where the project has a command, or commits are to be run
 * @throws `pipelines.trigger_cycle`, and what its sources say that cannot be read
 */
export async function setTriggers(house: House, { project, folder, key, actor }: { project: Project; folder: string | null; key: string | undefined; actor: string }): Promise<Trigger[]> {
  const { triggers = [], ...rest } = project;
  const definition = house.definitions.get(definitionName);
  if (!definition) throw invalid("pipelines.unknown_definition", `This program has no pipeline ${definitionName}`);
  const made = triggers.map((config) => ({ name: `${project.model}.${config.name}`, config, params: { project: rest as unknown as JsonObject, until: config.until, ...(config.on.kind === "git" && { commits: true }) } }));
  for (const { params } of made) await definition.allow(house, params, key);
  const now = house.clock.now();
  const begun = await Promise.all(made.map((one) => beginSource(house, one, now)));
  return transact(house.db, async (transaction) => {
    await lock(transaction, locked);
    refuseCycles(project.model, [...(await listTriggers(transaction)).filter(({ model }) => model !== project.model), ...made.map(({ config }) => ({ model: project.model, config }))]);
    const before = new Map((await listTriggers(transaction, project.model)).map((one) => [one.name, one]));
    const set = made.map(({ name, config, params }, at): Trigger => {
      const known = before.get(name);
      const same = known !== undefined && JSON.stringify(known.config.on) === JSON.stringify(config.on);
      return { name, model: project.model, config, definition: definitionName, params, folder, paused: known?.paused ?? null, cursor: same ? known.cursor : begun[at], problem: same ? known.problem : null, setAt: Math.max(now, (known?.setAt ?? 0) + 1) };
    });
    for (const trigger of set) await writeTrigger(transaction, trigger);
    const gone = [...before.keys()].filter((name) => !set.some((one) => one.name === name));
    for (const name of gone) {
      await skipWaiting(transaction, name, "the trigger was taken out of its project", now);
      await deleteTrigger(transaction, name);
    }
    const changed = set.some(({ name, config }) => JSON.stringify(before.get(name)?.config) !== JSON.stringify(config)) || gone.length > 0;
    if (changed) await appendAudit(transaction, { time: now, actor, action: "pipelines.triggers_set", object: `model/${project.model}`, reason: "its project says so", details: { triggers: set.map(({ name }) => name), removed: gone } });
    return set;
  });
}

/** Asks a trigger to fire; what is acknowledged fires once. Throws `pipelines.trigger_paused`. */
export async function fireTrigger(house: House, name: string, asked: { readonly actor: string; readonly reason: string | undefined; readonly key: string | undefined; readonly atOnce: boolean }): Promise<Taken & { readonly trigger: string }> {
  const now = house.clock.now();
  const taken = await transact(house.db, async (transaction) => {
    await lock(transaction, locked);
    const trigger = await readTrigger(transaction, name);
    if (trigger.paused) throw conflict("pipelines.trigger_paused", `The trigger ${trigger.name} is paused by ${trigger.paused.by}: ${trigger.paused.reason}. \`millrace triggers resume ${trigger.name}\` lets it fire again`);
    const key = asked.key === undefined ? `asked ${now} ${house.newId()}` : `asked for as ${asked.key}`;
    const why = `${asked.actor} asked for it${asked.reason === undefined ? "" : `: ${asked.reason}`}`;
    return { ...(await takeOccurrence(transaction, house, trigger, { cause: "asked", key, lane: "asked", why, atOnce: asked.atOnce }, now)), trigger: trigger.name };
  });
  await house.events.emit({ name: "pipelines.trigger_asked", time: now, payload: { trigger: taken.trigger, firing: taken.id } });
  return taken;
}

/** Lets a trigger rest; what waits of it does not fire. */
export async function pauseTrigger(house: House, name: string, { actor, reason }: { readonly actor: string; readonly reason: string }): Promise<Trigger> {
  const now = house.clock.now();
  return changed(house, name, actor, "pipelines.trigger_paused", reason, async (transaction, trigger) => {
    if (trigger.paused) return trigger;
    await skipWaiting(transaction, trigger.name, `the trigger was paused by ${actor}: ${reason}`, now);
    return { ...trigger, paused: { since: now, by: actor, reason } };
  });
}

/** Lets it fire again: from now on, not for the times that passed. */
export async function resumeTrigger(house: House, name: string, { actor, reason }: { readonly actor: string; readonly reason: string }): Promise<Trigger> {
  return changed(house, name, actor, "pipelines.trigger_resumed", reason, async (_transaction, trigger) => {
    if (!trigger.paused) return trigger;
    const cursor = ["cron", "registered", "pipeline"].includes(trigger.config.on.kind) ? await beginSource(house, trigger, house.clock.now()) : trigger.cursor;
    return { ...trigger, paused: null, cursor };
  });
}

async function changed(house: House, name: string, actor: string, action: string, reason: string, change: (transaction: House["db"], trigger: Trigger) => Promise<Trigger>): Promise<Trigger> {
  const now = house.clock.now();
  return transact(house.db, async (transaction) => {
    await lock(transaction, locked);
    const before = await readTrigger(transaction, name);
    const after = await change(transaction, before);
    if (after === before) return before;
    const trigger = { ...after, setAt: Math.max(now, before.setAt + 1) };
    await writeTrigger(transaction, trigger);
    await appendAudit(transaction, { time: now, actor, action, object: `model/${trigger.model}`, reason, details: { trigger: trigger.name } });
    return trigger;
  });
}
