import type { Stage } from "../stage.ts";
import { ensureDefaultExperiment } from "../tracking/experiments.ts";
import { importRoutes } from "./import/routes.ts";
import { mountRpcs } from "./mlflow-route.ts";
import { mounts, rpcs } from "./rpcs.ts";

export const mlflow: Stage = {
  name: "mlflow",
  purpose: "MLflow's tracking protocol: its clients work unchanged, over the runs of this house",
  routes: importRoutes,
  mount: async (server, house) => {
    await ensureDefaultExperiment(house.db, house.clock.now(), house.settings.artifactRoot);
    await mountRpcs(server, house, rpcs);
    for (const mount of mounts) await mount(server, house);
  },
};
