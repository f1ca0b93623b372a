import { client } from "../../http/client.ts";
import type { RegistryRoutes } from "../routes.ts";

export const registryApi = client<RegistryRoutes>("", "registry");

/** The page of a model, or of one of its versions. */
export const modelPath = (model: string, version?: number): string => `/models/${encodeURIComponent(model)}${version === undefined ? "" : `/${version}`}`;

/** The page that sets two versions side by side. */
export const comparePath = (model: string, version: number, otherModel: string, other: number): string => `${modelPath(model, version)}/compare/${encodeURIComponent(otherModel)}/${other}`;

/** Where a file of a version comes down. */
export const filePath = (model: string, version: number, path: string): string => `/api/registry/models/${encodeURIComponent(model)}/versions/${version}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
