import type { ServiceDefinition } from "@grpc/grpc-js";
import type { MillraceError } from "../../../errors.ts";
import type { ProtocolContext } from "../protocols/protocol.ts";
import type { GrpcStatus } from "./grpc-status.ts";

/** What goes with a call besides its messages. */
export interface GrpcCall {
  /** The metadata of that lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** Puts values into the metadata that end the call, where there are some. */
  readonly tell: (values: Readonly<Record<string, string>> | undefined) => void;
  /** Milliseconds left until the client's deadline; undefined when it has none. */
  readonly timeoutMs: number | undefined;
  /** Aborted when the client has cancelled the call, its deadline has passed or it has gone. */
  readonly signal: AbortSignal;
  /** Aborted when the gateway stops; a call that would stay open ends then. */
  readonly stopping: AbortSignal;
}

/** Answers a call with one message each way. */
export type UnaryHandler = (request: never, call: GrpcCall) => unknown;
/** Answers one message with several. */
export type ServerStreamHandler = (request: never, call: GrpcCall) => AsyncIterable<unknown>;
/** Answers messages with messages. The requests end when the client has sent its last, or when the gateway stops. */
export type StreamHandler = (requests: AsyncIterable<never>, call: GrpcCall) => AsyncIterable<unknown>;

/** A gRPC service of the gateway. Its handlers answer or fail with a MillraceError. */
export interface GrpcService {
  /** With its package, `inference.GRPCInferenceService`. */
  readonly name: string;
  /** Its methods, their paths and codecs; `defineService` makes it of a .proto. */
  readonly definition: ServiceDefinition;
  /** By the method's name in the definition, in the form that its streams ask for. */
  handlers(context: ProtocolContext): Readonly<Record<string, UnaryHandler | ServerStreamHandler | StreamHandler>>;
  /** How the service's clients expect a failure; by its HTTP status when absent. */
  failure?(error: MillraceError): GrpcStatus;
}
