import { Cron } from "croner";
import type { House } from "../stage.ts";
import { tick } from "./loop.ts";
import { latestTick, listLoops } from "./store.ts";

/**
 * Keeps the loops turning: finishes the turns that were cut off, then turns every loop that lives in real time each five minutes. A loop
 * that is replayed is turned by its replay.
 */
export async function startTurning(house: House): Promise<() => Promise<void>> {
  const turn = async (endpoint: string, time: number): Promise<void> => {
    await tick(house, endpoint, time).catch((error: unknown) => house.log.error({ err: error, endpoint }, "a turn of the loop failed"));
  };
  const resuming: Promise<void>[] = [];
  for (const loop of await listLoops(house.db)) {
    const last = await latestTick(house.db, loop.endpoint);
    if (last?.state === "running") resuming.push(turn(loop.endpoint, last.time));
  }
  const job = new Cron("*/5 * * * *", { protect: true, unref: true }, async () => {
    for (const loop of await listLoops(house.db)) if (loop.clock === "real") await turn(loop.endpoint, house.clock.now());
  });
  return async () => {
    job.stop();
    await Promise.all(resuming);
  };
}
