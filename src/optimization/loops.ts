import { notFound } from "../errors.ts";
import type { House } from "../stage.ts";
import { listLoops } from "./store.ts";
import { readDeployment } from "../serving/serving.ts";
import type { Loop } from "./types.ts";

/** Why a loop decides nothing for now; null where it does. It goes on when somebody answers for its endpoint again. */
export const whyResting = async (house: House, endpoint: string): Promise<string | null> =>
  (await readDeployment(house, endpoint)) ? null : `${endpoint} is not deployed: the loop and its monitors take labels, and judge, retrain and deploy nothing until it is`;

/** The loop that turns for an endpoint; throws `optimization.loop_not_found`. */
export async function readLoop(house: House, endpoint: string): Promise<Loop> {
  const loops = await listLoops(house.db);
  const found = loops.find((loop) => loop.endpoint === endpoint);
  if (found) return found;
  throw notFound(
    "optimization.loop_not_found",
    `No loop turns for ${JSON.stringify(endpoint)}; ${loops.length > 0 ? `loops turn for ${loops.map((loop) => loop.endpoint).join(", ")}` : "`millrace run` starts one"}`,
  );
}
