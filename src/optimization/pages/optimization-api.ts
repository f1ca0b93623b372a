import { client } from "../../http/client.ts";
import type { OptimizationRoutes } from "../routes.ts";

export const optimizationApi = client<OptimizationRoutes>("", "optimization");
