import type { GrpcService } from "./grpc-service.ts";
import { healthService } from "./health/health-service.ts";
import { openInferenceService } from "./open-inference/open-inference-service.ts";
import { torchserveInferenceService } from "./torchserve/inference-service.ts";
import { torchserveManagementService } from "./torchserve/management-service.ts";

/** Every service of gRPC that the gateway offers. */
export const grpcServices: readonly GrpcService[] = [
  openInferenceService,
  torchserveInferenceService,
  torchserveManagementService,
  healthService(() => grpcServices.map(({ name }) => name)),
];
