import { client } from "../../http/client.ts";
import type { ServingRoutes } from "../routes.ts";

export const servingApi = client<ServingRoutes>("", "serving");
