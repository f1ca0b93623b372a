import { client } from "../http/client.ts";
import type { DataRoutes } from "../data/routes.ts";
import type { MonitoringRoutes } from "../monitoring/routes.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";
import type { RegistryRoutes } from "../registry/routes.ts";
import type { ServingRoutes } from "../serving/routes.ts";
import type { TrackingRoutes } from "../tracking/routes.ts";

/** The server's API, room by room, for what stands across the rooms: the shell and the loop. */
export const api = {
  data: client<DataRoutes>("", "data"),
  monitoring: client<MonitoringRoutes>("", "monitoring"),
  optimization: client<OptimizationRoutes>("", "optimization"),
  pipelines: client<PipelineRoutes>("", "pipelines"),
  registry: client<RegistryRoutes>("", "registry"),
  serving: client<ServingRoutes>("", "serving"),
  tracking: client<TrackingRoutes>("", "tracking"),
};
