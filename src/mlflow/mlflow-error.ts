import { MillraceError } from "../errors.ts";

/** MLflow's error codes and the HTTP status each leaves with (mlflow/exceptions.py). */
const statuses = {
  INVALID_PARAMETER_VALUE: 400,
  BAD_REQUEST: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  INVALID_STATE: 500,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
} as const;

export type MlflowErrorCode = keyof typeof statuses;

/** An error that MLflow's clients know; inside the house its code reads `mlflow.<code in lower case>`. */
export const mlflowError = (code: MlflowErrorCode, message: string): MillraceError =>
  new MillraceError(`mlflow.${code.toLowerCase()}`, statuses[code], message);

export const invalidParameter = (message: string): MillraceError => mlflowError("INVALID_PARAMETER_VALUE", message);

export const missingResource = (message: string): MillraceError => mlflowError("RESOURCE_DOES_NOT_EXIST", message);

/** What an error is to MLflow's clients: `error_code` and the status it leaves with. An error of our own rooms is told by its status. */
export function mlflowErrorCode(error: MillraceError): { readonly code: MlflowErrorCode; readonly status: number } {
  const own = error.code.startsWith("mlflow.") ? error.code.slice("mlflow.".length).toUpperCase() : "";
  if (own in statuses) return { code: own as MlflowErrorCode, status: error.status };
  if (error.status === 409) return error.code.endsWith("_exists") ? { code: "RESOURCE_ALREADY_EXISTS", status: 400 } : { code: "RESOURCE_CONFLICT", status: 409 };
  if (error.status === 404) return { code: "RESOURCE_DOES_NOT_EXIST", status: 404 };
  if (error.status === 403) return { code: "PERMISSION_DENIED", status: 403 };
  if (error.status === 503) return { code: "TEMPORARILY_UNAVAILABLE", status: 503 };
  if (error.status < 500) return { code: "INVALID_PARAMETER_VALUE", status: error.status };
  return { code: "INTERNAL_ERROR", status: error.status };
}
