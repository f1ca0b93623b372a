import type { Selectable } from "kysely";
import { day, isoDate } from "../../clock.ts";
import type { House, JsonObject, PipelineRun } from "../../stage.ts";
import type { Database } from "../../storage/database.ts";
import { triggerTables, type TriggerTables } from "./tables.ts";
import type { Firing, Occurrence, Trigger } from "./types.ts";

type Row = Selectable<TriggerTables["trigger_firings"]>;

const firingOf = ({ trigger_name, key: _key, lane: _lane, at_once: _atOnce, details, asked_at, due_at, run_id, began_at, ended_at, ...row }: Row): Firing => ({
  ...row,
  trigger: trigger_name,
  details: JSON.parse(details) as JsonObject,
  askedAt: asked_at,
  dueAt: due_at,
  runId: run_id,
  beganAt: began_at,
  endedAt: ended_at,
});

/** The newer details; what stood before the first of several changes stays that. */
function joinedDetails(older: string, newer: string): string {
  const [first, second] = [JSON.parse(older) as JsonObject, JSON.parse(newer) as JsonObject];
  return "before" in first && "before" in second ? JSON.stringify({ ...second, before: first["before"] }) : newer;
}

/** How often a debounce may be begun again by what comes meanwhile: then it fires all the same. */
const mostDebounces = 10;

/** What became of an occurrence: the firing that it is, or that it joined. */
export interface Taken {
  readonly id: string;
  /** An earlier one that has not begun stands for it. */
  readonly joined: boolean;
  /** It was there already. */
  readonly known: boolean;
}

/**
 * Writes an occurrence into the log, once for its key, in the transaction of whoever found it: from then on it fires once, whatever happens to the process.
 * One that finds an earlier one of its lane waiting joins it: that one begins later (debounce) and with the newer details.
 */
export async function takeOccurrence(transaction: Database, house: Pick<House, "newId">, trigger: Trigger, occurrence: Occurrence, now: number): Promise<Taken> {
  const tables = triggerTables(transaction);
  const known = await tables.selectFrom("trigger_firings").select("id").where("trigger_name", "=", trigger.name).where("key", "=", occurrence.key).executeTakeFirst();
  if (known) return { id: known.id, joined: false, known: true };
  const { debounce } = trigger.config;
  const atOnce = occurrence.atOnce === true;
  const row: Row = {
    id: `${isoDate(now).replaceAll("-", "")}-${house.newId()}`,
    trigger_name: trigger.name,
    model: trigger.model,
    cause: occurrence.cause,
    key: occurrence.key,
    lane: occurrence.lane,
    why: occurrence.why,
    details: JSON.stringify(occurrence.details ?? {}),
    at_once: atOnce ? 1 : 0,
    asked_at: now,
    due_at: atOnce ? now : now + debounce,
    state: "waiting",
    reason: null,
    run_id: null,
    began_at: null,
    ended_at: null,
  };
  const skipped = (reason: string) => tables.insertInto("trigger_firings").values({ ...row, state: "skipped", reason, ended_at: now }).execute();
  if (occurrence.skip !== undefined) {
    await skipped(occurrence.skip);
    return { id: row.id, joined: false, known: false };
  }
  const before = await tables.selectFrom("trigger_firings").selectAll().where("trigger_name", "=", trigger.name).where("lane", "=", occurrence.lane).where("state", "=", "waiting").executeTakeFirst();
  if (!before) {
    await tables.insertInto("trigger_firings").values(row).execute();
    return { id: row.id, joined: false, known: false };
  }
  await skipped(`it joined ${before.id}, which had not begun`);
  await tables
    .updateTable("trigger_firings")
    .set({ details: joinedDetails(before.details, row.details), why: row.why, at_once: Math.max(before.at_once, row.at_once), due_at: atOnce ? now : Math.min(Math.max(before.due_at, row.due_at), before.asked_at + mostDebounces * debounce) })
    .where("id", "=", before.id)
    .execute();
  return { id: before.id, joined: true, known: false };
}

/** The firing whose run had this commit of a branch; undefined when none had. */
export async function commitHasRun(db: Database, trigger: string, branch: string, commit: string): Promise<string | undefined> {
  const rows = await triggerTables(db).selectFrom("trigger_firings").select(["id", "details"]).where("trigger_name", "=", trigger).where("run_id", "is not", null).orderBy("asked_at", "desc").limit(1000).execute();
  return rows.find((row) => {
    const details = JSON.parse(row.details) as JsonObject;
    return details["branch"] === branch && details["commit"] === commit;
  })?.id;
}

/** The newest first, of one trigger or of all. */
export async function listFirings(db: Database, filter: { readonly trigger?: string; readonly state?: Firing["state"]; readonly limit?: number } = {}): Promise<Firing[]> {
  let query = triggerTables(db).selectFrom("trigger_firings").selectAll().orderBy("asked_at", "desc").orderBy("id", "desc").limit(filter.limit ?? 50);
  if (filter.trigger !== undefined) query = query.where("trigger_name", "=", filter.trigger);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  return (await query.execute()).map(firingOf);
}

export async function readFiring(db: Database, id: string): Promise<Firing | undefined> {
  const row = await triggerTables(db).selectFrom("trigger_firings").selectAll().where("id", "=", id).executeTakeFirst();
  return row && firingOf(row);
}

/** What may begin by now, in the order in which it was asked for. */
export async function dueFirings(db: Database, now: number): Promise<(Firing & { readonly atOnce: boolean })[]> {
  const rows = await triggerTables(db).selectFrom("trigger_firings").selectAll().where("state", "=", "waiting").where("due_at", "<=", now).orderBy("asked_at").orderBy("id").limit(500).execute();
  return rows.map((row) => ({ ...firingOf(row), atOnce: row.at_once === 1 }));
}

export const runningFirings = (db: Database): Promise<Firing[]> => listFirings(db, { state: "running", limit: 1000 });

/** When a trigger last began a run, ms. */
export async function lastBegan(db: Database, trigger: string): Promise<number | null> {
  const row = await triggerTables(db).selectFrom("trigger_firings").select(({ fn }) => fn.max("began_at").as("at")).where("trigger_name", "=", trigger).executeTakeFirst();
  return row?.at ?? null;
}

/** It waits on: until when, or for what. */
export const letWait = (db: Database, id: string, reason: string, dueAt?: number) =>
  triggerTables(db).updateTable("trigger_firings").set({ reason, ...(dueAt === undefined ? {} : { due_at: dueAt }) }).where("id", "=", id).where("state", "=", "waiting").execute();

export const markBegun = (db: Database, id: string, runId: string, now: number) =>
  triggerTables(db).updateTable("trigger_firings").set({ state: "running", reason: null, run_id: runId, began_at: now }).where("id", "=", id).where("state", "=", "waiting").execute();

export const markEnded = (db: Database, id: string, state: Exclude<PipelineRun["state"], "running">, reason: string | null, now: number) =>
  triggerTables(db).updateTable("trigger_firings").set({ state, reason, ended_at: now }).where("id", "=", id).where("state", "in", ["waiting", "running"]).execute();

/** It does not fire after all. */
export const markSkipped = (db: Database, id: string, reason: string, now: number) =>
  triggerTables(db).updateTable("trigger_firings").set({ state: "skipped", reason, ended_at: now }).where("id", "=", id).where("state", "=", "waiting").execute();

export const setDetails = (db: Database, id: string, details: JsonObject) => triggerTables(db).updateTable("trigger_firings").set({ details: JSON.stringify(details) }).where("id", "=", id).execute();

/** What waits of a trigger does not fire. */
export const skipWaiting = (db: Database, trigger: string, reason: string, now: number) =>
  triggerTables(db).updateTable("trigger_firings").set({ state: "skipped", reason, ended_at: now }).where("trigger_name", "=", trigger).where("state", "=", "waiting").execute();

/** How long the log is kept, ms. */
export const keptFor = 90 * day;

export const forgetOldFirings = (db: Database, now: number) =>
  triggerTables(db).deleteFrom("trigger_firings").where("asked_at", "<", now - keptFor).where("state", "not in", ["waiting", "running"]).execute();
