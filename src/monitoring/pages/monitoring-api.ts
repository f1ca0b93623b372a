import { client } from "../../http/client.ts";
import type { MonitoringRoutes } from "../routes.ts";

export const monitoringApi = client<MonitoringRoutes>("", "monitoring");
