import { setTimeout as wait } from "node:timers/promises";
import { describeError } from "../../errors.ts";
import type { House } from "../../stage.ts";
import { writeTogether } from "../../storage/group-commit.ts";
import { holdsOf } from "../../storage/holds.ts";
import { trackingTables } from "../store.ts";
import { sealSlice, worthSumming } from "./seal.ts";

/** While points come in, at most one part in so many of the time goes into sums; a writer waits for none of it. */
const share = 25;
/** Without a new point for so long nobody is writing. */
const quietMs = 500;
/** Series that are looked at between two words on how far the filling is. */
const sayEvery = 10_000;

/** Sums that a house makes as points are written. */
export interface Summing {
  /** Says that a series may have points in no sum, as somebody who read it found. */
  readonly due: (runId: string, key: string) => void;
  /** Settles when there is nothing left to do. */
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const summings = new WeakMap<object, Summing>();

/** Of a house whose rooms have not been started, nothing. */
export const summingOf = (house: House): Summing | undefined => summings.get(house);

/**
 * Sums up metric histories in the background: those that get points, those that are read, those with stale sums, and once all that were there before sums were. Slice
 * by slice, each a transaction: whatever ends this process, the next goes on from there. A history without sums is read point by point meanwhile.
 */
export function startSumming(house: Pick<House, "db" | "events" | "log">): Summing {
  const waiting = new Map<string, { readonly runId: string; readonly key: string }>();
  const unsummed = new Map<string, number>();
  let [stopped, lastPoint] = [false, Number.NEGATIVE_INFINITY];
  let working: Promise<void> | undefined;
  const tables = trackingTables(house.db);

  /** One slice, and the rest that the writers are owed for it. */
  const seal = async (series: number): Promise<boolean> => {
    const began = performance.now();
    const { more } = await writeTogether(house.db, (transaction) => sealSlice(transaction, series));
    const took = performance.now() - began;
    if (performance.now() - lastPoint < quietMs) await wait(Math.min(quietMs, took * share));
    else await new Promise(setImmediate);
    return more;
  };
  const sealAll = async (series: number): Promise<void> => {
    while (!stopped && (await seal(series)));
  };

  const work = async (): Promise<void> => {
    for (const [name, { runId, key }] of waiting) {
      if (stopped) return;
      waiting.delete(name);
      unsummed.delete(name);
      const series = await tables.selectFrom("metric_series").select("id").where("run_id", "=", runId).where("key", "=", key).executeTakeFirst();
      if (series) await sealAll(series.id);
    }
  };
  const start = (): void => {
    if (working || stopped) return;
    working = work()
      .catch((error: unknown) => house.log.error({ err: error }, `the sums of a metric history could not be made, which is read point by point until they are: ${describeError(error)}`))
      .finally(() => {
        working = undefined;
        if (waiting.size > 0) start();
      });
  };
  const due = (runId: string, key: string): void => {
    waiting.set(`${runId} ${key}`, { runId, key });
    start();
  };
  const silence = house.events.on("tracking.metrics_logged", ({ payload }) => {
    lastPoint = performance.now();
    const { runId, keys, points } = payload as { runId: string; keys: readonly string[]; points: readonly number[] };
    for (const [at, key] of keys.entries()) {
      const name = `${runId} ${key}`;
      const count = (unsummed.get(name) ?? 0) + points[at];
      if (count < worthSumming) unsummed.set(name, count);
      else due(runId, key);
    }
    // Series that get no more points: what they have is found when somebody reads them.
    if (unsummed.size > 100_000) unsummed.clear();
  });

  const fill = async (): Promise<void> => {
    // One server of several is enough.
    if (!(await holdsOf(house.db).take("tracking.sums"))) return;
    try {
      for (const { series_id } of await tables.selectFrom("metric_sums").select("series_id").distinct().where("stale", "=", 1).execute()) await sealAll(series_id);
      const left = await tables.selectFrom("metric_sums_fill").selectAll().executeTakeFirst();
      if (!left) return;
      house.log.info({ series: left.last - left.next + 1 }, `metric histories of before get their sums: ${left.last - left.next + 1} to look at; until then they are read point by point`);
      for (let next = left.next; next <= left.last; ) {
        const some = await tables.selectFrom("metric_series").select("id").where("id", ">=", next).where("id", "<=", left.last).orderBy("id").limit(200).execute();
        for (const { id } of some) {
          if (stopped) return;
          const long = await tables.selectFrom("metric_points").select("step").where("series_id", "=", id).limit(1).offset(worthSumming - 1).executeTakeFirst();
          if (long) await sealAll(id);
        }
        const before = next;
        next = some.length === 0 ? left.last + 1 : some.at(-1)!.id + 1;
        if (stopped) return;
        await tables.updateTable("metric_sums_fill").set({ next }).execute();
        if (Math.floor(next / sayEvery) > Math.floor(before / sayEvery)) house.log.info(`sums of metric histories: ${next - 1} of ${left.last}`);
        await new Promise(setImmediate);
      }
      await tables.deleteFrom("metric_sums_fill").execute();
      house.log.info("all metric histories have their sums");
    } finally {
      await holdsOf(house.db).give("tracking.sums");
    }
  };
  const filling = fill().catch((error: unknown) => house.log.error({ err: error }, `metric histories of before could not get their sums; the next start goes on with it: ${describeError(error)}`));

  const summing: Summing = {
    due,
    idle: async () => {
      await filling;
      while (working) await working;
    },
    stop: async () => {
      stopped = true;
      silence();
      await filling;
      await working;
    },
  };
  summings.set(house, summing);
  return summing;
}
