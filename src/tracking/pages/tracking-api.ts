import { client } from "../../http/client.ts";
import type { TrackingRoutes } from "../routes.ts";

export const trackingApi = client<TrackingRoutes>("", "tracking");
