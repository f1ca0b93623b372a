import { client } from "../../http/client.ts";
import type { DataRoutes } from "../routes.ts";

export const dataApi = client<DataRoutes>("", "data");
