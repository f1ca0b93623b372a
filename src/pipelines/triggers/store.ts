import { conflict, notFound } from "../../errors.ts";
import type { ProjectTrigger } from "../../project/triggers.ts";
import type { JsonObject } from "../../stage.ts";
import type { Database } from "../../storage/database.ts";
import { triggerTables } from "./tables.ts";
import type { Trigger } from "./types.ts";

/** All triggers, or those of a model, by name. */
export async function listTriggers(db: Database, model?: string): Promise<Trigger[]> {
  let query = triggerTables(db).selectFrom("triggers").selectAll().orderBy("name");
  if (model !== undefined) query = query.where("model", "=", model);
  return (await query.execute()).map(({ set_at, config, params, paused, cursor, problem, ...row }) => ({
    ...row,
    config: JSON.parse(config) as ProjectTrigger,
    params: JSON.parse(params) as JsonObject,
    paused: paused === null ? null : (JSON.parse(paused) as Trigger["paused"]),
    cursor: JSON.parse(cursor) as JsonObject,
    problem: problem === null ? null : (JSON.parse(problem) as Trigger["problem"]),
    setAt: set_at,
  }));
}

/** A trigger by its name, or by its name in the project where only one project has such a one; throws `pipelines.trigger_not_found` and `pipelines.trigger_ambiguous`. */
export async function readTrigger(db: Database, name: string): Promise<Trigger> {
  const all = await listTriggers(db);
  const exact = all.find((one) => one.name === name);
  if (exact) return exact;
  const short = all.filter(({ config }) => config.name === name);
  if (short.length === 1) return short[0];
  if (short.length > 1) throw conflict("pipelines.trigger_ambiguous", `Several models have a trigger ${JSON.stringify(name)}; say which: ${short.map((one) => one.name).join(", ")}`);
  throw notFound("pipelines.trigger_not_found", `There is no trigger ${JSON.stringify(name)}; ${all.length > 0 ? `the triggers are ${all.map((one) => one.name).join(", ")}` : "the section `triggers` of a millrace.yaml describes them, and `millrace run` sets them"}`);
}

/** Writes a trigger in place of what was under its name. */
export async function writeTrigger(db: Database, trigger: Trigger): Promise<void> {
  const row = {
    model: trigger.model,
    config: JSON.stringify(trigger.config),
    definition: trigger.definition,
    params: JSON.stringify(trigger.params),
    folder: trigger.folder,
    paused: trigger.paused && JSON.stringify(trigger.paused),
    cursor: JSON.stringify(trigger.cursor),
    problem: trigger.problem && JSON.stringify(trigger.problem),
    set_at: trigger.setAt,
  };
  await triggerTables(db).insertInto("triggers").values({ name: trigger.name, ...row }).onConflict((conflicting) => conflicting.column("name").doUpdateSet(row)).execute();
}

export const deleteTrigger = (db: Database, name: string) => triggerTables(db).deleteFrom("triggers").where("name", "=", name).execute();

/** Says how far a source was read; nothing is written when the trigger was changed since it was read here. Returns whether it was. */
export async function moveCursor(db: Database, { name, setAt, cursor: before }: Trigger, cursor: JsonObject, problem: Trigger["problem"]): Promise<boolean> {
  const moved = await triggerTables(db)
    .updateTable("triggers")
    .set({ cursor: JSON.stringify(cursor), problem: problem && JSON.stringify(problem) })
    .where("name", "=", name)
    .where("set_at", "=", setAt)
    .where("cursor", "=", JSON.stringify(before))
    .executeTakeFirst();
  return moved.numUpdatedRows > 0n;
}
