import { client } from "../../http/client.ts";
import type { PipelineRoutes } from "../routes.ts";

export const pipelinesApi = client<PipelineRoutes>("", "pipelines");
