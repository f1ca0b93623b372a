import { describeError, MillraceError } from "../../errors.ts";
import type { House } from "../../stage.ts";
import { holdsOf } from "../../storage/holds.ts";
import { transact } from "../../storage/transactions.ts";
import { readRun } from "../store.ts";
import { beginFiring } from "./begin-firing.ts";
import { dueFirings, forgetOldFirings, markEnded, runningFirings, takeOccurrence } from "./firings.ts";
import { lookAtSource, restOf } from "./sources.ts";
import { listTriggers, moveCursor } from "./store.ts";
import type { Trigger } from "./types.ts";

/** How often the sources are looked at (ms); what asks for more rest says so itself. */
const everyMs = 1000;
const forgetEveryMs = 6 * 3_600_000;

export interface TriggerWatch {
  /** One look: what happened at the sources is written down, ended runs are noted, what is due begins. Looks do not overlap. */
  readonly look: () => Promise<void>;
}

/** The triggers of a house, on its clock. Of servers that share a database one looks. */
export function openTriggers(house: House): TriggerWatch {
  const { db, clock, log } = house;
  let forgotten = 0;
  const looked = new Map<string, number>();

  const lookAt = async (trigger: Trigger): Promise<void> => {
    const now = clock.now();
    const place = `${trigger.name} ${trigger.setAt}`;
    if (now - (looked.get(place) ?? Number.NEGATIVE_INFINITY) < restOf(trigger)) return;
    looked.set(place, now);
    try {
      const look = await lookAtSource(house, trigger, now);
      if (look.occurrences.length === 0 && look.cursor === trigger.cursor && trigger.problem === null) return;
      // How far it was read and what was found there are one: neither is lost, nothing is found twice.
      await transact(db, async (transaction) => {
        if (!(await moveCursor(transaction, trigger, look.cursor, null))) return;
        for (const occurrence of look.occurrences) await takeOccurrence(transaction, house, trigger, occurrence, now);
      });
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code.startsWith("storage.")) throw error;
      if (trigger.problem?.message === error.message) return;
      log.warn({ trigger: trigger.name }, `The source of the trigger ${trigger.name} cannot be read: ${error.message}`);
      await moveCursor(db, trigger, trigger.cursor, { since: now, code: error.code, message: error.message });
    }
  };

  const noteEnds = async (): Promise<void> => {
    for (const firing of await runningFirings(db)) {
      const run = await readRun(db, firing.runId!);
      if (run === undefined) await markEnded(db, firing.id, "failed", `its run ${firing.runId} is gone`, clock.now());
      else if (run.state !== "running") await markEnded(db, firing.id, run.state, run.reason, run.finishedAt ?? clock.now());
    }
  };

  const beginDue = async (triggers: readonly Trigger[]): Promise<void> => {
    const byName = new Map(triggers.map((trigger) => [trigger.name, trigger]));
    for (const firing of await dueFirings(db, clock.now())) {
      const trigger = byName.get(firing.trigger);
      // One that was set just now is there at the next look.
      if (trigger) await beginFiring(house, trigger, firing);
    }
  };

  const lookOnce = async (): Promise<void> => {
    if (!(await holdsOf(db).take("pipelines.triggers"))) return;
    if (clock.now() - forgotten >= forgetEveryMs) {
      forgotten = clock.now();
      await forgetOldFirings(db, forgotten);
    }
    const triggers = await listTriggers(db);
    for (const trigger of triggers) {
      if (trigger.paused === null) await lookAt(trigger).catch((error: unknown) => log.error({ err: error, trigger: trigger.name }, `A trigger was not looked at: ${describeError(error)}`));
    }
    await noteEnds();
    await beginDue(triggers);
  };

  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return {
    // Whoever asks while a look is under way gets the next one, whole.
    look: () => {
      if (next) return next;
      const one = last.then(() => {
        next = undefined;
        return lookOnce();
      });
      next = one;
      last = one.catch(() => undefined);
      return one;
    },
  };
}

/** Looks each second, and when something was asked or a run has ended, until it is stopped. */
export async function startTriggers(house: House): Promise<() => Promise<void>> {
  const watch = openTriggers(house);
  let failing = false;
  let last = Promise.resolve();
  const look = (): void => {
    last = watch.look().then(
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
    await last;
  };
}
