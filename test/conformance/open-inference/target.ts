import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { defineService, parseProto } from "../../../src/serving/gateway/grpc/define-service.ts";
import { inferenceProto } from "../../../src/serving/gateway/grpc/open-inference/infer-proto.ts";

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions?: readonly string[] | null;
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

export type Json = Record<string, unknown>;

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** The JSON of the body, or of its beginning where raw tensors follow; undefined where it is none. */
  readonly json: Json | undefined;
  /** What follows the JSON. */
  readonly raw: Buffer;
}

const patienceMs = 10_000;

/** The server that is tried, and a model of it that takes zeros and empty strings. */
export class Target {
  readonly model: string;
  readonly #url: string;
  readonly #grpc: Client | undefined;
  readonly #root = parseProto(inferenceProto);
  readonly #methods = defineService(this.#root, "inference.GRPCInferenceService");

  /** `url` is where `/v2` lies; `grpc` is host:port. */
  constructor({ url, grpc, model }: { readonly url: string; readonly grpc: string | undefined; readonly model: string }) {
    this.#url = url.replace(/\/$/, "");
    this.model = model;
    if (grpc !== undefined) this.#grpc = new Client(grpc, credentials.createInsecure());
  }

  get hasGrpc(): boolean {
    return this.#grpc !== undefined;
  }

  async rest(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<RestAnswer> {
    const raw = body instanceof Uint8Array;
    const sent = raw ? new Uint8Array(body) : typeof body === "string" ? body : JSON.stringify(body);
    const type: Record<string, string> = body === undefined || raw ? {} : { "content-type": "application/json" };
    const answer = await fetch(`${this.#url}/v2${path}`, { method, headers: { ...type, ...headers }, body: sent, signal: AbortSignal.timeout(patienceMs) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const split = Number(answer.headers.get("inference-header-content-length") ?? bytes.length);
    return { status: answer.status, headers: answer.headers, bytes, json: parse(bytes.subarray(0, split)), raw: bytes.subarray(split) };
  }

  infer(body: unknown, headers?: Record<string, string>): Promise<RestAnswer> {
    return this.rest("POST", `/models/${this.model}/infer`, body, headers);
  }

  async metadata(): Promise<ModelMetadata> {
    const { status, json } = await this.rest("GET", `/models/${this.model}`);
    if (status !== 200) throw new Error(`GET /v2/models/${this.model} answered ${status}`);
    return json as unknown as ModelMetadata;
  }

  /** The answer of a gRPC method; fails with a ServiceError. 64-bit integers are numbers. */
  grpc(method: string, request: Json = {}): Promise<Json> {
    const { path, requestSerialize, responseDeserialize } = this.#methods[method];
    const type = this.#root.lookupType(`inference.${method}Response`);
    const read = (bytes: Buffer): Json => type.toObject(responseDeserialize(bytes) as never, { longs: Number, defaults: true });
    return new Promise((resolve, reject) => {
      this.#grpc!.makeUnaryRequest(path, requestSerialize, read, request, new Metadata(), { deadline: Date.now() + patienceMs }, (error, answer) =>
        error ? reject(error) : resolve(answer!),
      );
    });
  }

  close(): void {
    this.#grpc?.close();
  }
}

function parse(bytes: Buffer): Json | undefined {
  try {
    return JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    return undefined; // the rules say what they expect
  }
}
