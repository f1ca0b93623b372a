import type { Deployment } from "../models/deployment.ts";
import type { Inference } from "../inference.ts";

/** An HTTP request, its body read and decompressed. */
export interface HttpRequest {
  readonly method: string;
  /** The segments of the path, decoded: `/v2/models/a%20b` is ["v2", "models", "a b"]. */
  readonly path: readonly string[];
  /** The header of that (lower-case) name. */
  header(name: string): string | undefined;
  readonly body: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** What protocols may see of the gateway. */
export interface ProtocolContext {
  readonly inference: Inference;
  readonly deployment: () => Deployment;
  /** True while the gateway has a configuration in memory and is not shutting down. */
  readonly ready: () => boolean;
  readonly version: string;
}

/** A way for clients to ask for predictions over HTTP. */
export interface Protocol {
  readonly name: string;
  /** The first path segment, by which requests come to this protocol. */
  readonly prefix: string;
  /** Paths for people to start from. */
  readonly paths: readonly string[];
  /** Answers a request, or fails with a MillraceError, which the server writes as `{"error": sentence}`. */
  handle(request: HttpRequest, context: ProtocolContext): HttpAnswer | Promise<HttpAnswer>;
}

/** A JSON answer. */
export const json = (status: number, value: unknown): HttpAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});
