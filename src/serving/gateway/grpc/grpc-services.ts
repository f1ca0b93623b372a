import type { GrpcService } from "./grpc-service.ts";
import { healthService } from "./health/health-service.ts";
import { openInferenceService } from "./open-inference/open-inference-service.ts";
import { modelService } from "./tf-serving/model-service.ts";
import { predictionService } from "./tf-serving/prediction-service.ts";
import { torchserveInferenceService } from "./torchserve/inference-service.ts";
import { torchserveManagementService } from "./torchserve/management-service.ts";

/** Every service of gRPC that the gateway offers. */
export const grpcServices: readonly GrpcService[] = [
  openInferenceService,
  predictionService,
  modelService,
  torchserveInferenceService,
  torchserveManagementService,
  healthService(() => grpcServices.map(({ name }) => name)),
];
