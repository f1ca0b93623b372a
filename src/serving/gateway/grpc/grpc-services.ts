import type { GrpcService } from "./grpc-service.ts";
import { healthService } from "./health/health-service.ts";
import { openInferenceService } from "./open-inference/open-inference-service.ts";
import { modelService } from "./tf-serving/model-service.ts";
import { predictionService } from "./tf-serving/prediction-service.ts";

/** Every service of gRPC that the gateway offers. */
export const grpcServices: readonly GrpcService[] = [openInferenceService, predictionService, modelService, healthService(() => grpcServices.map(({ name }) => name))];
