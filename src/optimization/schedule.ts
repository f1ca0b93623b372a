import { Cron } from "croner";
import { describeError } from "../errors.ts";
import type { House } from "../stage.ts";
import { holdsOf } from "../storage/holds.ts";
import { tick } from "./loop.ts";
import { latestTick, listLoops } from "./store.ts";

/**
 * Keeps the loops turning: finishes the turns that were cut off, then turns every loop that lives in real time each five minutes. A loop
 * that is replayed is turned by its replay. Of servers that share a database one does so; when it is gone, the next.
 */
export async function startTurning(house: House): Promise<() => Promise<void>> {
  const turn = async (endpoint: string, time: number): Promise<void> => {
    await tick(house, endpoint, time).catch((error: unknown) => house.log.error({ err: error, endpoint }, "a turn of the loop failed"));
  };
  const resuming: Promise<void>[] = [];
  let leading = false;
  /** Whether the turning is this server's; one that has just got it takes up what was cut off. */
  const leads = async (): Promise<boolean> => {
    const before = leading;
    leading = await holdsOf(house.db).take("optimization.schedule");
    if (leading && !before) {
      for (const loop of await listLoops(house.db)) {
        const last = await latestTick(house.db, loop.endpoint);
        if (last?.state === "running") resuming.push(turn(loop.endpoint, last.time));
      }
    }
    return leading;
  };
  await leads();
  const report = (error: unknown): void => house.log.error({ err: error }, `The loops could not be turned: ${describeError(error)}`);
  const job = new Cron("*/5 * * * *", { protect: true, unref: true, catch: report }, async () => {
    if (!(await leads())) return;
    for (const loop of await listLoops(house.db)) if (loop.clock === "real") await turn(loop.endpoint, house.clock.now());
  });
  return async () => {
    job.stop();
    await Promise.all(resuming);
  };
}
