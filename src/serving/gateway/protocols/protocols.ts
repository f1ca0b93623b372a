import { azureMl } from "./containers/azure-ml.ts";
import { sagemaker } from "./containers/sagemaker.ts";
import { mlflowScoring } from "./mlflow-scoring/mlflow-scoring.ts";
import { openInference } from "./open-inference/open-inference.ts";
import { predict } from "./predict/predict.ts";
import type { Protocol } from "./protocol.ts";
import { tfServing } from "./tf-serving/tf-serving.ts";
import { torchserve, torchserveOldPaths } from "./torchserve/torchserve.ts";

/** Every protocol the gateway speaks; where two share a path, the first that knows it answers. */
export const protocols: readonly Protocol[] = [openInference, predict, torchserve, sagemaker, mlflowScoring, tfServing, azureMl, torchserveOldPaths];
