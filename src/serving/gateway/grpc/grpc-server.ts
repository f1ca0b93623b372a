import type { EventEmitter } from "node:events";
import { logVerbosity, Metadata, Server, ServerCredentials, setLogVerbosity, status } from "@grpc/grpc-js";
import type { MethodDefinition, ServerDuplexStream, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation, sendUnaryData } from "@grpc/grpc-js";
import { describeError, invalid, MillraceError } from "../../../errors.ts";
import type { ProtocolContext } from "../protocols/protocol.ts";
import { unexpected, grpcStatus } from "./grpc-status.ts";
import type { GrpcStatus } from "./grpc-status.ts";
import type { GrpcCall, GrpcService, ServerStreamHandler, StreamHandler, UnaryHandler } from "./grpc-service.ts";
import { withShortSentence } from "../short-sentence.ts";
import { requestsUntil } from "./requests-until.ts";

export interface GrpcServerOptions {
  readonly services: readonly GrpcService[];
  readonly context: ProtocolContext;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Larger messages are refused with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number;
  /** Told of failures that are nobody's fault but ours; the client gets INTERNAL. */
  readonly onError: (error: unknown) => void;
}

export interface GrpcServer {
  readonly port: number;
  /** Stops accepting and answers what came in; after `seconds` cuts what is still open. */
  stop(seconds: number): Promise<void>;
}

type ServerStream = ServerWritableStream<Buffer, Buffer>;
type Duplex = ServerDuplexStream<Buffer, Buffer>;
/** What calls of every kind have. */
type AnyCall = Pick<ServerUnaryCall<Buffer, Buffer>, "metadata" | "getDeadline" | "cancelled"> & EventEmitter;
type Method = MethodDefinition<unknown, unknown>;

/** Serves gRPC without TLS; fails with the system's error (`code` EADDRINUSE, `port`) when the port is taken. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  // What fails is told to callers and clients; grpc-js would write it to the console, too.
  if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": options.maxMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.keepalive_time_ms": 60_000,
  });
  const stopping = new AbortController();
  for (const service of options.services) {
    const handlers = service.handlers(options.context);
    const definition = Object.entries(service.definition);
    const implementation: UntypedServiceImplementation = {};
    for (const [name, method] of definition) {
      implementation[name] = handler(method, handlers[name], new Answering(service, options.onError, stopping.signal));
    }
    const asBytes = definition.map(([name, method]) => [name, { ...method, requestDeserialize: same, responseSerialize: same }]);
    server.addService(Object.fromEntries(asBytes), implementation);
  }
  const address = `${options.host.includes(":") ? `[${options.host}]` : options.host}:${options.port}`;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => (error ? reject(taken(error, options.port)) : resolve(bound)));
  });
  return {
    port,
    stop: (seconds) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.forceShutdown(), seconds * 1000);
        // The error says that the server was not running, which is what is wanted.
        server.tryShutdown(() => {
          clearTimeout(cut);
          resolve();
        });
        stopping.abort();
      }),
  };
}

const same = (bytes: Buffer): Buffer => bytes;

/** grpc-js says in words only that a port is taken. */
const taken = (error: Error, port: number): Error => (error.message.includes("EADDRINUSE") ? Object.assign(error, { code: "EADDRINUSE", port }) : error);

/** How the calls of one service are answered and fail. */
class Answering {
  readonly #service: GrpcService;
  readonly #onError: (error: unknown) => void;
  readonly stopping: AbortSignal;

  constructor(service: GrpcService, onError: (error: unknown) => void, stopping: AbortSignal) {
    this.#service = service;
    this.#onError = onError;
    this.stopping = stopping;
  }

  read(method: Method, bytes: Buffer): never {
    try {
      return method.requestDeserialize(bytes) as never;
    } catch (error) {
      throw invalid("serving.bad_message", `The message is not what ${method.path} takes: ${describeError(error)}.`);
    }
  }

  failure(error: unknown): GrpcStatus {
    if (!(error instanceof MillraceError)) this.#onError(error);
    const said = error instanceof MillraceError ? withShortSentence(error) : unexpected;
    return this.#service.failure?.(said) ?? grpcStatus(said);
  }
}

/** Said at the end of a stream that the gateway ended because it stops. */
const stoppingNow: GrpcStatus = { code: status.UNAVAILABLE, details: "The gateway is stopping." };

function handler(method: Method, handle: UnaryHandler | ServerStreamHandler | StreamHandler, answering: Answering): UntypedServiceImplementation[string] {
  if (!method.responseStream) {
    return (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => void unary(method, handle as UnaryHandler, answering, call, done);
  }
  const answers = (call: ServerStream | Duplex, incoming: Incoming) => {
    if (method.requestStream) return (handle as StreamHandler)(readAll(method, answering, call as Duplex), incoming);
    return (handle as ServerStreamHandler)(answering.read(method, (call as ServerStream).request), incoming);
  };
  return (call: ServerStream | Duplex) => {
    const incoming = new Incoming(call, answering.stopping);
    const fail = (ended: GrpcStatus) => void call.emit("error", ended); // grpc-js takes the status of a stream so
    send(method, () => answers(call, incoming), call).then(
      () => (method.requestStream && !(call as Duplex).readableEnded && answering.stopping.aborted ? fail(stoppingNow) : (call as ServerStream).end(incoming.trailer)),
      (error: unknown) => fail(answering.failure(error)),
    );
  };
}

async function unary(method: Method, handle: UnaryHandler, answering: Answering, call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): Promise<void> {
  let bytes: Buffer;
  const incoming = new Incoming(call, answering.stopping);
  try {
    bytes = method.responseSerialize(await handle(answering.read(method, call.request), incoming));
  } catch (error) {
    done(answering.failure(error));
    return;
  }
  done(null, bytes, incoming.trailer);
}

async function* readAll(method: Method, answering: Answering, call: Duplex): AsyncGenerator<never> {
  for await (const bytes of requestsUntil(call, answering.stopping)) yield answering.read(method, bytes as Buffer);
}

/** Sends answers as fast as the client takes them; ends early when it has gone. */
async function send(method: Method, answers: () => AsyncIterable<unknown>, call: ServerStream | Duplex): Promise<void> {
  for await (const answer of answers()) {
    if (call.cancelled) return;
    if (!call.write(method.responseSerialize(answer))) await takenOrGone(call);
  }
}

const takenOrGone = (call: ServerStream | Duplex): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      call.off("drain", done);
      call.off("cancelled", done);
      resolve();
    };
    call.on("drain", done);
    call.on("cancelled", done);
  });

/** A call as it came. Its signal is made when somebody asks for it. */
class Incoming implements GrpcCall {
  readonly #call: AnyCall;
  readonly stopping: AbortSignal;
  #signal: AbortSignal | undefined;

  constructor(call: AnyCall, stopping: AbortSignal) {
    this.#call = call;
    this.stopping = stopping;
  }

  /** What was told. */
  trailer: Metadata | undefined;

  readonly tell = (values: Readonly<Record<string, string>> | undefined): void => {
    if (!values) return;
    this.trailer ??= new Metadata();
    for (const [name, value] of Object.entries(values)) this.trailer.set(name, value);
  };

  readonly header = (name: string): string | undefined => this.#call.metadata.get(name)[0]?.toString();

  get timeoutMs(): number | undefined {
    const deadline = Number(this.#call.getDeadline());
    return Number.isFinite(deadline) ? Math.max(0, deadline - Date.now()) : undefined;
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      if (this.#call.cancelled) controller.abort();
      else this.#call.once("cancelled", () => controller.abort());
    }
    return this.#signal;
  }
}
