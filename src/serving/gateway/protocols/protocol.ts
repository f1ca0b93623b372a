import type { MillraceError } from "../../../errors.ts";
import type { Inference } from "../inference.ts";
import type { MayManage } from "../management-access.ts";
import type { ModelStatistics } from "../metrics/model-statistics.ts";
import type { Deployment, Variant } from "../models/deployment.ts";
import type { ModelRepository } from "../models/repository.ts";

/** An HTTP request, its body read and decompressed. */
export interface HttpRequest {
  readonly method: string;
  /** The segments of the path, decoded: `/v2/models/a%20b` is ["v2", "models", "a b"]. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** The header of that (lower-case) name. */
  header(name: string): string | undefined;
  readonly body: Buffer;
  /** Aborted when the client has gone before its answer. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Parts are sent as they come; a failure among them cuts the connection. */
  readonly body: string | Buffer | AsyncIterable<string | Buffer>;
}

/** What protocols may see of the gateway. */
export interface ProtocolContext {
  readonly inference: Inference;
  readonly deployment: () => Deployment;
  readonly repository: ModelRepository;
  /** Asked before a client sees places of models or changes what is served. */
  readonly mayManage: MayManage;
  /** Run as a multi-model endpoint of SageMaker. */
  readonly multiModel?: boolean;
  /** The endpoint that answers where a protocol names none; the only one when absent. */
  readonly defaultModel?: string;
  /** Names besides `serving_default` by which clients of TensorFlow Serving may ask for the signature of a model. */
  readonly signatures?: readonly string[];
  /** What a variant of an endpoint did since the start. */
  readonly statistics: (endpoint: string, variant: Variant) => ModelStatistics;
  /** True while the gateway has a configuration in memory, all its models answer and it is not shutting down. */
  readonly ready: () => boolean;
  /** The name by which the server gives itself to clients. */
  readonly serverName: string;
  readonly version: string;
}

/** A way for clients to ask for predictions over HTTP. */
export interface Protocol {
  readonly name: string;
  /** The first path segments, by which requests come to this protocol; several protocols may share one. */
  readonly prefixes: readonly string[];
  /** Paths for people to start from. */
  readonly paths: readonly string[];
  /**
   * Answers a request, or fails with a MillraceError. Undefined: the path is not of this protocol; the next one with the
   * prefix is asked.
   */
  handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer> | undefined;
  /** How the protocol's clients expect a failure; `{"error": sentence}` when absent. */
  failure?(error: MillraceError, request: HttpRequest): HttpAnswer;
}

/** A JSON answer. */
export const json = (status: number, value: unknown): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});
