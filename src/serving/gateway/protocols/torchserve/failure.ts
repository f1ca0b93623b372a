import type { MillraceError } from "../../../../errors.ts";
import { json } from "../protocol.ts";
import type { HttpAnswer } from "../protocol.ts";

/** TorchServe's exceptions by our codes, where the status does not say enough. */
const byCode: Readonly<Record<string, string>> = {
  "serving.unknown_model": "ModelNotFoundException",
  "serving.unknown_version": "ModelVersionNotFoundException",
  "serving.unauthorized": "InvalidKeyException",
  "serving.management_forbidden": "InvalidKeyException",
  "serving.default_version": "InvalidModelVersionException",
  "serving.load_failed": "InvalidModelException",
  "serving.model_missing": "ModelNotFoundException",
};

/** pytorch/serve, frontend/server/src/main/java/org/pytorch/serve/http/HttpRequestHandler.java. */
const byStatus: Readonly<Record<number, string>> = {
  400: "BadRequestException",
  403: "ForbiddenException",
  404: "ResourceNotFoundException",
  405: "MethodNotAllowedException",
  409: "ConflictStatusException",
  413: "TooLongFrameException",
  415: "BadRequestException",
  429: "ServiceUnavailableException",
  499: "RequestTimeoutException",
  501: "NotImplementedException",
  503: "ServiceUnavailableException",
  504: "RequestTimeoutException",
  507: "OutOfMemoryError",
};

/** A failure as TorchServe's clients expect it: `{code, type, message}`. */
export const torchserveFailure = ({ code, status, message }: MillraceError): HttpAnswer =>
  json(status, { code: status, type: byCode[code] ?? byStatus[status] ?? "InternalServerException", message });
