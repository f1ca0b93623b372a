import type { Endpoint } from "../../models/deployment.ts";
import { openApi } from "../predict/openapi.ts";

interface Document {
  readonly paths: Readonly<Record<string, unknown>>;
}

/** The OpenAPI document of `/predict`, with the same under TorchServe's addresses. */
export function predictionsApi(endpoints: readonly Endpoint[], version: string): unknown {
  const document = openApi(endpoints, version) as Document;
  const paths = Object.entries(document.paths).flatMap(([path, operations]) => {
    if (!path.startsWith("/predict/")) return [];
    const text = JSON.stringify(operations).replace('"operationId":"predict-', '"operationId":"predictions-');
    return [[path.replace("/predict/", "/predictions/"), JSON.parse(text) as unknown] as const];
  });
  return { ...document, paths: Object.fromEntries(paths) };
}
