import { notFound } from "../errors.ts";
import type { House } from "../stage.ts";
import { listLoops } from "./store.ts";
import type { Loop } from "./types.ts";

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
