import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { invalid, MillraceError, notFound } from "../../errors.ts";
import { compressFor, readBody } from "./http-body.ts";
import { json } from "./protocols/protocol.ts";
import type { HttpAnswer, HttpRequest } from "./protocols/protocol.ts";
import { withShortSentence } from "./short-sentence.ts";

/** Answers a request; undefined: the path is not known here. */
export interface Handler {
  handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer> | undefined;
  /** A failure in the shape that its clients expect; `{"error": sentence}` when absent. */
  failure?(error: MillraceError, request: HttpRequest): HttpAnswer;
}

export interface HttpServerOptions {
  /** Handlers by first path segment in lower case, asked in turn; "" answers the root, "*" other segments. */
  readonly handlers: ReadonlyMap<string, readonly Handler[]>;
  /** Larger bodies are refused with 413, before and after decompression. */
  readonly maxBodyBytes: number;
  /** Origins of web pages that may call, "*" for any; none when empty. */
  readonly corsOrigins: readonly string[];
  /** Told of failures that are nobody's fault but ours; the client gets a 500. */
  readonly onError: (error: unknown) => void;
}

/**
 * An HTTP server that knows no protocol: reads bodies, finds the handler, writes answers and errors.
 */
export function createHttpServer(options: HttpServerOptions): Server {
  const server = createServer(
    {
      keepAliveTimeout: 65_000, // above the usual 60 s of load balancers, so that they close first
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      connectionsCheckingInterval: 5000,
      noDelay: true,
    },
    (message, response) => {
      answer(message, response, options)
        .then((result) => send(server, message, response, result, options))
        .catch(options.onError);
    },
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    const status = brokenHttp[error.code ?? ""] ?? "400 Bad Request";
    const body = JSON.stringify({ error: `The request is not proper HTTP: ${error.message}.` });
    const headers = `connection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`;
    socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
  });
  return server;
}

const brokenHttp: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** A request as it came, without its body. Its signal is made when somebody asks for it. */
class IncomingRequest {
  readonly method: string;
  readonly path: readonly string[];
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #search: string;
  #query: URLSearchParams | undefined;
  #signal: AbortSignal | undefined;
  body: Buffer = Buffer.alloc(0);

  constructor(message: IncomingMessage, response: ServerResponse) {
    const [path, search] = splitUrl(message.url ?? "/");
    this.method = message.method ?? "GET";
    this.#message = message;
    this.#response = response;
    this.#search = search;
    this.path = segments(path);
  }

  header(name: string): string | undefined {
    return this.#message.headers[name]?.toString();
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.#search));
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      const gone = () => {
        if (!this.#response.writableFinished) controller.abort();
      };
      if (this.#response.closed) gone();
      else this.#response.once("close", gone);
    }
    return this.#signal;
  }
}

function splitUrl(url: string): [path: string, search: string] {
  const at = url.indexOf("?");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

function segments(url: string): string[] {
  const path = url.endsWith("/") ? url.slice(0, -1) : url;
  const parts = path.split("/").slice(1);
  if (!path.includes("%")) return parts;
  try {
    return parts.map(decodeURIComponent);
  } catch {
    throw invalid("serving.bad_path", `The path ${path} is not properly percent-encoded.`);
  }
}

async function answer(message: IncomingMessage, response: ServerResponse, options: HttpServerOptions): Promise<HttpAnswer> {
  let request: IncomingRequest | undefined;
  let asked: Handler | undefined;
  try {
    request = new IncomingRequest(message, response);
    const preflight = answerPreflight(request, options);
    if (preflight) return preflight;
    const handlers = options.handlers.get((request.path[0] ?? "").toLowerCase()) ?? options.handlers.get("*") ?? [];
    asked = handlers[0];
    request.body = await readBody(message, options.maxBodyBytes);
    for (const handler of handlers) {
      const answered = handler.handle(request);
      if (answered === undefined) continue;
      asked = handler;
      return await answered;
    }
    throw notFound(
      "serving.unknown_path",
      `There is nothing at ${message.method} /${request.path.join("/")}; GET / lists the paths.`,
    );
  } catch (error) {
    return failureAnswer(error, asked, request, options.onError);
  }
}

function failureAnswer(
  error: unknown,
  handler: Handler | undefined,
  request: HttpRequest | undefined,
  onError: (error: unknown) => void,
): HttpAnswer {
  if (!(error instanceof MillraceError)) onError(error);
  const said =
    error instanceof MillraceError
      ? withShortSentence(error)
      : new MillraceError("serving.internal", 500, "The gateway failed to answer; its log says why.", { cause: error });
  const answer = (request && handler?.failure?.(said, request)) ?? json(said.status, { error: said.message });
  const headers: Record<string, string> = { ...answer.headers };
  if (said.status === 405) headers["allow"] = String(said.details?.["allow"]);
  if (said.status === 429 || said.status === 503) headers["retry-after"] = retryAfter(said);
  return { ...answer, headers };
}

/** Seconds. */
function retryAfter({ details }: MillraceError): string {
  const seconds = details?.["retryAfter"];
  return typeof seconds === "number" ? String(seconds) : "1";
}

/** What a browser asks before a page of another origin may call. */
function answerPreflight(request: HttpRequest, { corsOrigins }: HttpServerOptions): HttpAnswer | undefined {
  if (request.method !== "OPTIONS" || corsOrigins.length === 0) return undefined;
  const method = request.header("access-control-request-method");
  if (method === undefined || request.header("origin") === undefined) return undefined;
  const headers = request.header("access-control-request-headers");
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": method,
      ...(headers !== undefined && { "access-control-allow-headers": headers }),
      "access-control-max-age": "600",
    },
    body: "",
  };
}

function corsHeaders(message: IncomingMessage, origins: readonly string[]): Record<string, string> {
  const { origin } = message.headers;
  if (origins.length === 0 || origin === undefined) return {};
  const any = origins.includes("*");
  if (!any && !origins.includes(origin)) return { vary: "origin" };
  return {
    "access-control-allow-origin": any ? "*" : origin,
    "access-control-expose-headers": "*",
    ...(!any && { vary: "origin" }),
  };
}

async function send(
  server: Server,
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: HttpAnswer,
  options: HttpServerOptions,
): Promise<void> {
  // A body that was not read to its end leaves the connection unusable; a server that is closing wants it back.
  const close = !message.complete || !server.listening;
  const common = { ...headers, ...corsHeaders(message, options.corsOrigins), ...(close && { connection: "close" }) };
  if (typeof body !== "string" && !Buffer.isBuffer(body)) {
    response.writeHead(status, common);
    try {
      await pipeline(Readable.from(body), response);
    } catch (error) {
      // The client went away, which is its right; anything else cuts the answer, and is said in the log.
      if ((error as NodeJS.ErrnoException).code !== "ERR_STREAM_PREMATURE_CLOSE") options.onError(error);
    }
    return;
  }
  const sent = await compressFor(message.headers["accept-encoding"], headers?.["content-type"], body);
  const length = typeof sent.body === "string" ? Buffer.byteLength(sent.body) : sent.body.length;
  response.writeHead(status, { ...common, ...(sent.encoding && { "content-encoding": sent.encoding }), "content-length": length });
  // As many bytes as characters: then all are ASCII, which Latin 1 writes faster than UTF-8.
  if (message.method === "HEAD") response.end();
  else response.end(sent.body, length === sent.body.length ? "latin1" : "utf8");
}
