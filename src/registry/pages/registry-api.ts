import { client } from "../../http/client.ts";
import type { RegistryRoutes } from "../routes.ts";

export const registryApi = client<RegistryRoutes>("", "registry");

/** The page of a model, or of one of its versions. */
export const modelPath = (model: string, version?: number): string => `/models/${encodeURIComponent(model)}${version === undefined ? "" : `/${version}`}`;
