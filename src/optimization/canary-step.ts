import { conflict } from "../errors.ts";
import { readMonitor, saveReference } from "../monitoring/monitoring.ts";
import type { ReferenceProfile } from "../monitoring/types.ts";
import type { Step } from "../stage.ts";
import { beginRollout } from "./canary.ts";
import type { ChooseOutput } from "./candidates/choose-step.ts";
import { readLoop, whyResting } from "./loops.ts";

/** Starts a challenger's canary. */
export const canaryStep: Step = {
  name: "optimization.canary",
  purpose: "Gives the challenger its share of the traffic beside the champion, or all of it where no canary is asked for",
  where: "server",
  run: async ({ params, inputs, house, runId }) => {
    const { endpoint, champion, time } = params as { endpoint: string; champion: number; time: number };
    const { version } = inputs["registered"] as { version: number };
    const loop = await readLoop(house, endpoint);
    // Taken away while its challenger was trained.
    const resting = await whyResting(house, endpoint);
    if (resting !== null) throw conflict("optimization.not_deployed", resting);
    await saveReference(house.db, endpoint, version, inputs["reference"] as ReferenceProfile);
    const { choice } = inputs["chosen"] as ChooseOutput;
    const share = await beginRollout(house, loop, await readMonitor(house.db, endpoint), { champion, challenger: version, choice }, time, runId);
    return { endpoint, champion, challenger: version, share };
  },
};
