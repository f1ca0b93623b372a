import { status } from "@grpc/grpc-js";
import { MillraceError } from "../../../errors.ts";

/** How a call ended: a code of gRPC and a sentence. */
export interface GrpcStatus {
  readonly code: status;
  readonly details: string;
}

const codes: ReadonlyMap<number, status> = new Map([
  [400, status.INVALID_ARGUMENT],
  [401, status.UNAUTHENTICATED],
  [403, status.PERMISSION_DENIED],
  [404, status.NOT_FOUND],
  [409, status.ALREADY_EXISTS],
  [413, status.RESOURCE_EXHAUSTED],
  [429, status.RESOURCE_EXHAUSTED],
  [499, status.CANCELLED],
  [501, status.UNIMPLEMENTED],
  [503, status.UNAVAILABLE],
  [504, status.DEADLINE_EXCEEDED],
  [507, status.RESOURCE_EXHAUSTED],
]);

/** A failure as a status of gRPC, by the HTTP status that the same failure has. */
export const grpcStatus = (error: MillraceError): GrpcStatus => ({
  code: codes.get(error.status) ?? status.INTERNAL,
  details: error.message,
});

/** What clients hear of a failure that is nobody's fault but ours. */
export const unexpected = new MillraceError("serving.internal", 500, "The gateway failed to answer; its log says why.");
