import { notFound } from "../../../../errors.ts";
import type { ProtocolContext } from "../../protocols/protocol.ts";
import { defineService, parseProto } from "../define-service.ts";
import type { GrpcCall, GrpcService } from "../grpc-service.ts";
import { changes } from "./changes.ts";

const healthProto = `
syntax = "proto3";
package grpc.health.v1;

message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
`;

const name = "grpc.health.v1.Health";

/** How often a watched state is looked at, in milliseconds. */
const lookMs = 500;

/**
 * gRPC's standard health service, which Kubernetes probes ask (grpc/grpc, doc/health-checking.md): "" and the names of
 * the services are serving while the gateway is ready.
 */
export const healthService = (services: () => readonly string[]): GrpcService => ({
  name,
  definition: defineService(parseProto(healthProto), name),
  handlers: (context: ProtocolContext) => {
    const status = (service: string) => {
      if (service !== "" && !services().includes(service)) return "SERVICE_UNKNOWN";
      return context.ready() ? "SERVING" : "NOT_SERVING";
    };
    return {
      Check: ({ service }: { service: string }) => {
        const found = status(service);
        if (found !== "SERVICE_UNKNOWN") return { status: found };
        throw notFound("serving.unknown_service", `There is no service "${service}" here; there is: ${services().join(", ")}.`);
      },
      async *Watch({ service }: { service: string }, call: GrpcCall) {
        for await (const found of changes(() => status(service), lookMs, AbortSignal.any([call.signal, call.stopping]))) yield { status: found };
      },
    };
  },
});
