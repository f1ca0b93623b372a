import type { Stage } from "../stage.ts";
import { trackingEvents } from "./changes.ts";
import { trackingCollector } from "./collect.ts";
import { trackingCommands } from "./commands.ts";
import { trackingRoutes } from "./routes.ts";
import { endStreams } from "./run-stream.ts";
import { trackingMigrations } from "./store.ts";
import { startSumming } from "./sums/fill-sums.ts";

export const tracking: Stage = {
  name: "tracking",
  purpose: "The ledger: runs with their parameters, metrics and artifacts, and the lineage of everything made",
  migrations: trackingMigrations,
  routes: trackingRoutes,
  commands: trackingCommands,
  events: trackingEvents,
  start: async (house) => {
    const summing = startSumming(house);
    return async () => {
      endStreams(house);
      await summing.stop();
    };
  },
  collector: trackingCollector,
};
