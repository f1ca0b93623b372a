import { invalid } from "../../../../errors.ts";
import { exactJson } from "../../tensors/exact-json.ts";
import { isObject, kindOf } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";
import { shown } from "../../tensors/shown.ts";

/** A request of one of Azure's own kinds as MLflow's scoring protocol has it, and how its answer is wrapped again. */
export interface Envelope {
  readonly body: string;
  /** Whether the answer's rows are objects of values by output. */
  readonly named: boolean;
  /** The answer around the JSON of the predictions. */
  readonly wrap: (predictions: string) => string;
}

/**
 * The envelopes in which clients of Azure Machine Learning send rows to `/score`; undefined for a body that is none. Of MLflow deployments `{"input_data": …}`
 * (learn.microsoft.com, "how-to-deploy-mlflow-models-online-endpoints"), answered by the bare predictions; of AutoML's scoring scripts
 * `{"Inputs": {"data": […]}, "GlobalParameters": …}`, by `{"Results": […]}`, and `{"data": […], "method": "predict"}`, by `{"result": […]}`; of the designer's
 * pipelines `{"Inputs": {"WebServiceInput0": […]}}`, by `{"Results": {"WebServiceOutput0": […]}}`. Fails with `serving.bad_request` where one asks for more than predictions.
 */
export function readEnvelope(request: unknown): Envelope | undefined {
  if (!isObject(request)) return undefined;
  const { input_data: data, params, Inputs: inputs, method } = request;
  if (typeof data === "object" && data !== null) {
    const form = !Array.isArray(data) && "data" in data ? "dataframe_split" : "inputs";
    return { body: exactJson({ [form]: data, ...(params !== undefined && { params }) }), named: false, wrap: (predictions) => predictions };
  }
  if (method !== undefined && Array.isArray(request["data"])) {
    checkMethod(method, "method");
    return { body: rowsBody(request["data"]), named: false, wrap: (predictions) => `{"result":${predictions}}` };
  }
  return isObject(inputs) && Object.keys(request).every((key) => key === "Inputs" || key === "GlobalParameters") ? fromInputs(inputs, request["GlobalParameters"]) : undefined;
}

function fromInputs(inputs: JsonObject, parameters: unknown): Envelope {
  checkParameters(parameters);
  const [[name, rows] = ["", undefined], ...more] = Object.entries(inputs);
  const [, number] = /^WebServiceInput(\d+)$/.exec(name) ?? [];
  if (more.length > 0 || (name !== "data" && number === undefined) || !Array.isArray(rows)) {
    throw invalid("serving.bad_request", `"Inputs" must hold the rows as a list under "data" (of AutoML) or "WebServiceInput0" (of the designer) alone, not ${Object.keys(inputs).map((key) => `"${key}" (${kindOf(inputs[key])})`).join(", ") || "nothing"}.`);
  }
  if (number === undefined) return { body: rowsBody(rows), named: false, wrap: (predictions) => `{"Results":${predictions}}` };
  return { body: rowsBody(rows), named: true, wrap: (predictions) => `{"Results":{"WebServiceOutput${number}":${predictions}}}` };
}

const rowsBody = (rows: readonly unknown[]): string => exactJson({ [rows.length === 0 || isObject(rows[0]) ? "dataframe_records" : "inputs"]: rows });

/** Templates have a number or nothing in their place, which asks for nothing. */
function checkParameters(parameters: unknown): void {
  if (parameters === undefined || parameters === null || typeof parameters === "number") return;
  const other = isObject(parameters) ? Object.keys(parameters).find((key) => key !== "method") : undefined;
  if (!isObject(parameters) || other !== undefined) throw invalid("serving.bad_request", `"GlobalParameters" ${other === undefined ? `is ${kindOf(parameters)}` : `has "${other}"`}; it may hold {"method": "predict"} only.`);
  if (parameters["method"] !== undefined) checkMethod(parameters["method"], "GlobalParameters.method");
}

function checkMethod(method: unknown, where: string): void {
  if (method !== "predict") throw invalid("serving.bad_request", `"${where}" is ${shown(method)}; it must be "predict": what the model answers, probabilities too, are its outputs.`);
}
