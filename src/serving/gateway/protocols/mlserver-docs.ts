import { formPage, listPage } from "./predict/form-page.ts";
import { openApi } from "./predict/openapi.ts";
import { html } from "./predict/predict.ts";
import { json } from "./protocol.ts";
import type { HttpAnswer, HttpRequest, Protocol, ProtocolContext } from "./protocol.ts";

/** Pages and OpenAPI of the models where MLServer has them: SeldonIO/MLServer, mlserver/rest/app.py. */
export const mlserverDocs: Protocol = {
  name: "MLServer's documents",
  prefixes: ["v2"],
  paths: ["/v2/docs", "/v2/docs/dataplane.json", "/v2/models/{model}/docs", "/v2/models/{model}/docs/dataplane.json"],
  handle,
};

function handle({ path, method }: HttpRequest, context: ProtocolContext): HttpAnswer | undefined {
  const inJson = path.at(-1) === "dataplane.json";
  if ((!inJson && path.at(-1) !== "docs") || (method !== "GET" && method !== "HEAD")) return undefined;
  const [, models, name, versions, version, ...rest] = inJson ? path.slice(0, -1) : path;
  if (models === "docs" && name === undefined) {
    const endpoints = [...context.deployment().endpoints.values()];
    return inJson ? json(200, openApi(endpoints, context.version)) : html(200, listPage(endpoints));
  }
  const versioned = versions === "versions" && version !== undefined && rest.length === 1 && rest[0] === "docs";
  if (models !== "models" || name === undefined || (!versioned && (versions !== "docs" || version !== undefined))) return undefined;
  const endpoint = context.inference.endpoint(name);
  if (versioned) endpoint.version(version);
  return inJson ? json(200, openApi([endpoint], context.version)) : html(200, formPage(endpoint));
}
