import type { Protocol } from "../protocol.ts";
import { unnamedModel } from "../unnamed-model.ts";
import { answerTensors, isTensorRequest } from "./triton-infer.ts";

/**
 * `POST /invocations` of SageMaker with requests for Triton; all others there are MLflow's. `/ping` is MLflow's too, and the paths of
 * multi-model endpoints (`/models …`) are TorchServe's. docs.aws.amazon.com, "your-algorithms-inference-code" and "mms-container-apis".
 */
export const sagemaker: Protocol = {
  name: "SageMaker",
  prefixes: ["invocations"],
  paths: [],
  handle: (request, context) => {
    if (request.path.length > 1 || request.method !== "POST" || !isTensorRequest(request)) return undefined;
    return answerTensors(request, context, unnamedModel(request, context));
  },
};
