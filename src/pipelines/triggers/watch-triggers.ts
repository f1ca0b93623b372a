import { describeError, MillraceError } from "../../errors.ts";
import type { Event } from "../../events.ts";
import type { House } from "../../stage.ts";
import { holdsOf } from "../../storage/holds.ts";
import { transact } from "../../storage/transactions.ts";
import { readRun } from "../store.ts";
import { beginFiring } from "./begin-firing.ts";
import { dueFirings, forgetOldFirings, keptFor, markEnded, runningFirings, takeOccurrence } from "./firings.ts";
import { pruneCheckouts } from "./git/prune-checkouts.ts";
import { lookAtSource, restOf } from "./sources.ts";
import { forgetOldStatuses } from "./statuses/status-store.ts";
import { tellStatuses } from "./statuses/tell-statuses.ts";
import { sentenceOf, tellOf } from "./statuses/verdict.ts";
import { listTriggers, moveCursor } from "./store.ts";
import { alarmEvents, alarmOf } from "./upstream-sources.ts";
import type { Trigger } from "./types.ts";

/** How often the sources are looked at (ms); what asks for more rest says so itself. */
const everyMs = 1000;
const forgetEveryMs = 6 * 3_600_000;

export interface TriggerWatch {
  /**
   * One look: what happened at the sources is written down, ended runs are noted, what is due begins. Looks may overlap: what an earlier one is still at (a slow
   * repository) is left to it, and keeps nothing else waiting.
   */
  readonly look: () => Promise<void>;
  /** Breaks off what is under way, and waits for its end. */
  readonly stop: () => Promise<void>;
}

/** The triggers of a house, on its clock. Of servers that share a database one looks. */
export function openTriggers(house: House): TriggerWatch {
  const { db, clock, log } = house;
  const stopping = new AbortController();
  const { signal } = stopping;
  const looked = new Map<string, number>();
  const busy = new Map<string, Promise<void>>();
  let forgotten = 0;

  /** Does the work unless the same is under way; what it throws is logged. */
  const alone = (what: string, work: () => Promise<void>): Promise<void> => {
    if (busy.has(what) || signal.aborted) return Promise.resolve();
    const doing = work()
      .catch((error: unknown) => (signal.aborted ? undefined : log.error({ err: error, what }, `Triggers: ${what} failed: ${describeError(error)}`)))
      .finally(() => busy.delete(what));
    busy.set(what, doing);
    return doing;
  };

  const lookAt = async (trigger: Trigger): Promise<void> => {
    const now = clock.now();
    if (now - (looked.get(trigger.name) ?? Number.NEGATIVE_INFINITY) < restOf(trigger)) return;
    looked.set(trigger.name, now);
    try {
      const look = await lookAtSource(house, trigger, now, signal);
      if (look.occurrences.length === 0 && look.cursor === trigger.cursor && trigger.problem === null) return;
      // How far it was read and what was found there are one: neither is lost, nothing is found twice.
      await transact(db, async (transaction) => {
        if (!(await moveCursor(transaction, trigger, look.cursor, null))) return;
        for (const occurrence of look.occurrences) await takeOccurrence(transaction, house, trigger, occurrence, now);
      });
    } catch (error) {
      if (signal.aborted || !(error instanceof MillraceError) || error.code.startsWith("storage.")) throw error;
      if (trigger.problem?.message === error.message) return;
      log.warn({ trigger: trigger.name }, `The source of the trigger ${trigger.name} cannot be read: ${error.message}`);
      await moveCursor(db, trigger, trigger.cursor, { since: now, code: error.code, message: error.message });
    }
  };

  const noteEnds = async (triggers: readonly Trigger[]): Promise<void> => {
    let ended = false;
    for (const firing of await runningFirings(db)) {
      const run = await readRun(db, firing.runId!);
      if (run?.state === "running") continue;
      ended = true;
      if (run === undefined) await markEnded(db, firing.id, "failed", `its run ${firing.runId} is gone`, clock.now());
      else {
        const trigger = triggers.find(({ name }) => name === firing.trigger);
        const { state } = run;
        await transact(db, async (transaction) => {
          await markEnded(transaction, firing.id, state, run.reason, run.finishedAt ?? clock.now());
          await tellOf(transaction, trigger, firing, { state, sentence: sentenceOf(house, trigger, run) }, clock.now());
        });
      }
    }
    if (ended) await pruneCheckouts(house);
  };

  const beginDue = async (triggers: readonly Trigger[]): Promise<void> => {
    const byName = new Map(triggers.map((trigger) => [trigger.name, trigger]));
    const byModel = Map.groupBy(await dueFirings(db, clock.now()), ({ model }) => model);
    await Promise.all([...byModel].map(([model, due]) => alone(`begin ${model}`, async () => {
      for (const firing of due) {
        // One that was set just now is there at the next look.
        const trigger = byName.get(firing.trigger);
        if (trigger) await beginFiring(house, trigger, firing, signal);
      }
    })));
  };

  /** An alarm is written down before whoever raised it goes on. Found again, it has the same key. */
  const hear = async (event: Event): Promise<void> => {
    await transact(db, async (transaction) => {
      for (const trigger of await listTriggers(transaction)) {
        const { on } = trigger.config;
        const alarm = on.kind === "alarm" ? alarmOf(on, event) : undefined;
        if (alarm) await takeOccurrence(transaction, house, trigger, trigger.paused ? { ...alarm, skip: `the trigger is paused by ${trigger.paused.by}: ${trigger.paused.reason}` } : alarm, clock.now());
      }
    });
  };
  const deaf = alarmEvents.map((name) => house.events.on(name, hear));

  return {
    look: async () => {
      if (signal.aborted || !(await holdsOf(db).take("pipelines.triggers"))) return;
      if (clock.now() - forgotten >= forgetEveryMs) {
        forgotten = clock.now();
        await alone("forgetting", async () => {
          await forgetOldFirings(db, forgotten);
          await forgetOldStatuses(db, forgotten - keptFor);
          await pruneCheckouts(house);
        });
      }
      const triggers = await listTriggers(db);
      await Promise.all(triggers.filter(({ paused }) => paused === null).map((trigger) => alone(`look ${trigger.name}`, () => lookAt(trigger))));
      await alone("ends", () => noteEnds(triggers));
      await beginDue(triggers);
      await alone("statuses", () => tellStatuses(house, signal));
    },
    stop: async () => {
      stopping.abort();
      for (const stop of deaf) stop();
      await Promise.all(busy.values());
    },
  };
}

/** Looks each second, and when something was asked or a run has ended, until it is stopped. */
export async function startTriggers(house: House): Promise<() => Promise<void>> {
  const watch = openTriggers(house);
  let failing = false;
  const look = (): void => {
    watch.look().then(
      () => void (failing = false),
      (error: unknown) => {
        // Once for as long as it lasts: what is due stays in the database.
        if (!failing) house.log.error({ err: error }, `Triggers are not looked at: ${describeError(error)}`);
        failing = true;
      },
    );
  };
  const timer = setInterval(look, everyMs).unref();
  const stops = ["pipelines.trigger_asked", "pipelines.run_succeeded", "pipelines.run_stopped", "pipelines.run_failed"].map((name) => house.events.on(name, look));
  return async () => {
    clearInterval(timer);
    for (const stop of stops) stop();
    await watch.stop();
  };
}
