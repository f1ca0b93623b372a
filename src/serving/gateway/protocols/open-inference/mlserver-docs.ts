import type { Endpoint } from "../../models/deployment.ts";
import { formPage, listPage } from "../predict/form-page.ts";
import { openApi } from "../predict/openapi.ts";
import { html } from "../predict/predict.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer, ProtocolContext } from "../protocol.ts";

/** MLServer's names of the documents, below `docs`: a page, and OpenAPI. SeldonIO/MLServer, mlserver/rest/app.py. */
export const isDocument = (rest: readonly string[]): boolean => rest.length === 0 || (rest.length === 1 && rest[0] === "dataplane.json");

/** The page of a model, or of all models; their OpenAPI below `dataplane.json`. */
export function documents({ deployment, version }: ProtocolContext, endpoint: Endpoint | undefined, rest: readonly string[]): HttpAnswer {
  const endpoints = endpoint ? [endpoint] : [...deployment().endpoints.values()];
  if (rest.length === 1) return json(200, openApi(endpoints, version));
  return html(200, endpoint ? formPage(endpoint) : listPage(endpoints));
}
