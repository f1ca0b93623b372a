import { saveReference } from "../monitoring/monitoring.ts";
import type { ReferenceProfile } from "../monitoring/types.ts";
import type { Step } from "../stage.ts";
import { startCanary } from "./canary.ts";
import { readLoop } from "./loops.ts";

/** Starts a challenger's canary. */
export const canaryStep: Step = {
  name: "optimization.canary",
  purpose: "Gives the challenger its share of the traffic beside the champion",
  where: "server",
  run: async ({ params, inputs, house, runId }) => {
    const { endpoint, champion, time } = params as { endpoint: string; champion: number; time: number };
    const { version } = inputs["registered"] as { version: number };
    const loop = await readLoop(house, endpoint);
    await saveReference(house.db, endpoint, version, inputs["reference"] as ReferenceProfile);
    await startCanary(house, loop, { champion, challenger: version }, time, runId);
    return { endpoint, champion, challenger: version, share: loop.project.deploy.share };
  },
};
