import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readAudit } from "../../storage/audit.ts";
import { listRuns } from "../store.ts";
import { fireTrigger, pauseTrigger, resumeTrigger } from "./change-triggers.ts";
import { dawn, openTriggered, projectOf } from "./fixtures/open-triggered.ts";
import { keptFor } from "./firings.ts";

const [second, minute, hour] = [1000, 60_000, 3_600_000];
const asked = { actor: "ada", reason: undefined, key: undefined, atOnce: false };

describe("a trigger starts a pipeline", () => {
  test("at its time, once, and says what came of it", async () => {
    const { set, after, settle, firings, house, folder } = await openTriggered();
    await set(projectOf("nightly: { cron: '0 3 * * *' }"));
    await after(3 * hour - second);
    expect(await firings()).toEqual([]);
    await after(second);
    await after(second);
    await settle();
    const [firing, ...more] = await firings();
    expect(more).toEqual([]);
    expect(firing).toMatchObject({ trigger: "bikes.nightly", cause: "cron", state: "succeeded", askedAt: dawn + 3 * hour, beganAt: dawn + 3 * hour, reason: null });
    expect(await house.pipelines.read(firing.runId!)).toMatchObject({ model: "bikes", trigger: "cron: nightly, it was 2026-05-01 03:00 UTC", actor: "trigger bikes.nightly" });
    expect(readFileSync(join(folder, "log"), "utf8")).toBe("note note\n");
  });

  test("one that was waiting when the process ended fires once, with the next process", async () => {
    const first = await openTriggered();
    await first.set(projectOf("nightly: { cron: '0 3 * * *' }\nby-hand: { api: {} }"));
    const { id } = await fireTrigger(first.house, "by-hand", asked);
    // Looked at, found due, written down; and no further.
    await first.close();
    const second = await openTriggered({ folder: first.folder });
    await second.look();
    await second.settle();
    await second.settle();
    expect(await second.firings()).toMatchObject([{ id, state: "succeeded" }]);
    expect(await listRuns(second.db, {})).toHaveLength(1);
  });

  test("a process that ends between the start of the run and the note of it starts nothing twice", async () => {
    const { house, set, look, settle, firings, db, folder } = await openTriggered();
    await set(projectOf("by-hand: { api: {} }"));
    const { id } = await fireTrigger(house, "by-hand", asked);
    const spec = await house.definitions.get("optimization.train")!.make(house, { project: projectOf("a: { api: {} }") as never }, { trigger: "t", actor: "a" });
    await house.pipelines.start(`bikes-by-hand-${id}`, spec);
    await house.pipelines.finished(`bikes-by-hand-${id}`);
    await look();
    await settle();
    expect(await firings()).toMatchObject([{ id, state: "succeeded", runId: `bikes-by-hand-${id}` }]);
    expect(await listRuns(db, {})).toHaveLength(1);
    expect(readFileSync(join(folder, "log"), "utf8")).toBe("note note\n");
  });
});

describe("what holds a trigger back", () => {
  test("one at a time for each model: the next begins when the run has ended", async () => {
    const { house, set, look, firings, folder, settle } = await openTriggered();
    await set(projectOf("one: { api: {} }\ntwo: { api: {} }", { seed: 1 }));
    await set(projectOf("other: { api: {} }", { model: "trains" }));
    await fireTrigger(house, "one", asked);
    await look();
    await fireTrigger(house, "two", asked);
    await fireTrigger(house, "other", asked);
    await look();
    const [running] = await firings("bikes.one");
    expect((await firings("bikes.two"))[0]).toMatchObject({ state: "waiting", reason: `it waits for the run ${running.runId} of bikes: one at a time` });
    expect((await firings("trains.other"))[0].state).toMatch(/running|succeeded/);
    await writeFile(join(folder, "go"), "");
    await settle();
    await settle();
    expect((await firings("bikes.two"))[0]).toMatchObject({ state: "succeeded", reason: null });
    expect((await firings("bikes.one"))[0]).toMatchObject({ state: "succeeded" });
  });

  test("what comes while one waits joins it, and the log says so", async () => {
    const { house, set, after, firings, settle } = await openTriggered();
    await set(projectOf("by-hand: { api: {}, debounce: 10s }"));
    const first = await fireTrigger(house, "by-hand", asked);
    await after(6 * second);
    const second_ = await fireTrigger(house, "by-hand", { ...asked, reason: "again" });
    expect(second_).toEqual({ id: first.id, joined: true, known: false, trigger: "bikes.by-hand" });
    await after(6 * second);
    expect((await firings()).map(({ state }) => state).toSorted()).toEqual(["skipped", "waiting"]);
    await after(4 * second);
    await settle();
    const log = await firings();
    expect(log.find(({ id }) => id === first.id)).toMatchObject({ state: "succeeded", why: "ada asked for it: again", beganAt: dawn + 16 * second });
    expect(log.find(({ id }) => id !== first.id)).toMatchObject({ state: "skipped", reason: `it joined ${first.id}, which had not begun` });
  });

  test("a debounce that is begun again and again ends", async () => {
    const { house, set, after, firings } = await openTriggered();
    await set(projectOf("by-hand: { api: {}, debounce: 10s }"));
    for (let turn = 0; turn < 11; turn++) {
      await fireTrigger(house, "by-hand", asked);
      await after(9 * second);
    }
    expect((await firings()).filter(({ beganAt }) => beganAt === dawn + 108 * second || beganAt === dawn + 99 * second)).toHaveLength(0);
    await after(second);
    expect((await firings()).filter(({ beganAt }) => beganAt === dawn + 100 * second)).toHaveLength(1);
  });

  test("a cool-down lets the next one wait, but not one that is asked for at once", async () => {
    const { house, set, after, firings, settle } = await openTriggered();
    await set(projectOf("hourly: { cron: '0 * * * *', cooldown: 90m }"));
    await after(hour);
    await settle();
    await after(hour);
    expect(await firings()).toMatchObject([{ state: "waiting", dueAt: dawn + 2.5 * hour, reason: "it began a run 1 h 0 min ago and rests for 1 h 30 min" }, { state: "succeeded" }]);
    await after(hour / 2);
    await settle();
    expect((await firings()).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    await fireTrigger(house, "hourly", { ...asked, atOnce: true });
    await after(0);
    await settle();
    expect((await firings()).map(({ cause, state }) => [cause, state])).toContainEqual(["asked", "succeeded"]);
  });

  test("paused, it does not fire and refuses to; resumed, it fires for what comes then", async () => {
    const { house, set, after, firings, settle, db } = await openTriggered();
    await set(projectOf("hourly: { cron: '0 * * * *', debounce: 1m }"));
    await after(hour);
    await pauseTrigger(house, "hourly", { actor: "ada", reason: "the table moves" });
    expect(await firings()).toMatchObject([{ state: "skipped", reason: "the trigger was paused by ada: the table moves" }]);
    await expect(fireTrigger(house, "hourly", asked)).rejects.toMatchObject({ code: "pipelines.trigger_paused", status: 409, message: expect.stringContaining("paused by ada: the table moves") as string });
    await after(5.5 * hour);
    expect(await firings()).toHaveLength(1);
    // Setting the project again does not wake it.
    expect((await set(projectOf("hourly: { cron: '0 * * * *', debounce: 1m, until: gate }")))[0].paused).toMatchObject({ by: "ada" });
    await resumeTrigger(house, "hourly", { actor: "ada", reason: "done" });
    await after(0);
    expect(await firings()).toHaveLength(1);
    await after(0.5 * hour);
    await after(minute);
    await settle();
    expect((await firings())[0]).toMatchObject({ state: "succeeded", askedAt: dawn + 7 * hour });
    expect((await readAudit(db)).map(({ action }) => action)).toEqual(["pipelines.trigger_resumed", "pipelines.triggers_set", "pipelines.trigger_paused", "pipelines.triggers_set"]);
  });
});

describe("setting a project's triggers", () => {
  test("keeps what stays, with its place; removes what is gone, with what waits of it", async () => {
    const { house, set, after, firings, trigger } = await openTriggered();
    await set(projectOf("nightly: { cron: '0 3 * * *' }\nby-hand: { api: {}, debounce: 1h }"));
    await fireTrigger(house, "by-hand", asked);
    await after(minute);
    await set(projectOf("nightly: { cron: '0 3 * * *', cooldown: 1h }"));
    expect(await trigger("bikes.by-hand")).toBeUndefined();
    expect(await firings()).toMatchObject([{ trigger: "bikes.by-hand", state: "skipped", reason: "the trigger was taken out of its project" }]);
    expect(await trigger("bikes.nightly")).toMatchObject({ cursor: { after: dawn } });
    await set(projectOf("nightly: { cron: '0 4 * * *' }"));
    expect(await trigger("bikes.nightly")).toMatchObject({ cursor: { after: dawn + minute } });
  });

  test("whoever has not the right to its commands sets nothing", async () => {
    const { set, trigger, house } = await openTriggered();
    const { make, name, purpose } = house.definitions.get("optimization.train")!;
    (house.definitions as Map<string, unknown>).set(name, { name, purpose, make, allow: () => Promise.reject(new Error("no key")) });
    await expect(set(projectOf("a: { api: {} }"))).rejects.toThrow("no key");
    expect(await trigger("bikes.a")).toBeUndefined();
  });

  test("names: alone where one model has it, else with the model's; unknown ones are refused with those there are", async () => {
    const { house, set } = await openTriggered();
    await expect(fireTrigger(house, "x", asked)).rejects.toMatchObject({ code: "pipelines.trigger_not_found", message: expect.stringContaining("millrace.yaml") as string });
    await set(projectOf("a: { api: {} }"));
    await set(projectOf("a: { api: {} }\nb: { api: {} }", { model: "trains" }));
    await expect(fireTrigger(house, "a", asked)).rejects.toMatchObject({ code: "pipelines.trigger_ambiguous", message: expect.stringContaining("bikes.a, trains.a") as string });
    await expect(fireTrigger(house, "c", asked)).rejects.toMatchObject({ status: 404, message: expect.stringContaining("bikes.a, trains.a, trains.b") as string });
    expect(await fireTrigger(house, "b", asked)).toMatchObject({ trigger: "trains.b" });
  });
});

test("a request with a key fires once, however often it is sent", async () => {
  const { house, set, look, settle, firings } = await openTriggered();
  await set(projectOf("by-hand: { api: {} }"));
  const first = await fireTrigger(house, "by-hand", { ...asked, key: "build-17" });
  await look();
  await settle();
  expect(await fireTrigger(house, "by-hand", { ...asked, key: "build-17" })).toMatchObject({ id: first.id, known: true });
  await look();
  expect(await firings()).toHaveLength(1);
});

test("the log is kept for ninety days", async () => {
  const { house, set, look, settle, firings, after } = await openTriggered();
  await set(projectOf("by-hand: { api: {} }"));
  await fireTrigger(house, "by-hand", asked);
  await look();
  await settle();
  await after(keptFor - minute);
  expect(await firings()).toHaveLength(1);
  await after(7 * hour);
  expect(await firings()).toHaveLength(0);
});

test("a pipeline that cannot be made is said, and nothing is left", async () => {
  const { house, set, look, firings, db, folder } = await openTriggered();
  await set(projectOf("by-hand: { api: {} }"));
  const { name } = house.definitions.get("optimization.train")!;
  (house.definitions as Map<string, unknown>).delete(name);
  await fireTrigger(house, "by-hand", asked);
  await look();
  expect(await firings()).toMatchObject([{ state: "failed", reason: expect.stringContaining('no pipeline "optimization.train"') as string, runId: null }]);
  expect(await listRuns(db, {})).toEqual([]);
  expect(existsSync(join(folder, "log"))).toBe(false);
});
