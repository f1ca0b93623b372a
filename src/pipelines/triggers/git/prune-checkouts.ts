import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { House } from "../../../stage.ts";
import { listFirings, readFiring } from "../firings.ts";
import { checkoutsOf } from "./repository.ts";

/** Removes the folders of commits whose runs have ended, but for the last of each trigger that succeeded: its model's files may still be asked for. */
export async function pruneCheckouts({ db, settings }: House): Promise<void> {
  const root = checkoutsOf(settings.home);
  for (const name of await readdir(root).catch(() => [])) {
    const firing = await readFiring(db, name);
    if (firing && (firing.state === "waiting" || firing.state === "running")) continue;
    if (firing?.state === "succeeded" && (await listFirings(db, { trigger: firing.trigger, state: "succeeded", limit: 1 }))[0]?.id === name) continue;
    // One that is being made is of a firing that waits.
    if (name.endsWith(".part") && (await readFiring(db, name.slice(0, -".part".length)))?.state === "waiting") continue;
    await rm(join(root, name), { recursive: true, force: true });
  }
}
