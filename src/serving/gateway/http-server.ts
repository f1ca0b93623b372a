import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { describeError, invalid, MillraceError, notFound } from "../../errors.ts";
import { json } from "./protocols/protocol.ts";
import type { HttpAnswer, HttpRequest } from "./protocols/protocol.ts";

export type Handler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

export interface HttpServerOptions {
  /** Handlers by first path segment; "" answers the root. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Larger bodies are refused with 413, before and after decompression. */
  readonly maxBodyBytes: number;
  /** Told of failures that are nobody's fault but ours; the client gets a 500. */
  readonly onError: (error: unknown) => void;
}

/**
 * An HTTP server that knows no protocol: reads bodies, finds the handler, writes answers and errors as `{"error":
 * sentence}`.
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
      answer(message, options)
        .catch((error: unknown) => errorAnswer(error, options.onError))
        .then((result) => send(server, message, response, result))
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

async function answer(message: IncomingMessage, options: HttpServerOptions): Promise<HttpAnswer> {
  const path = pathOf(message.url ?? "/");
  const handler = options.handlers.get(path[0] ?? "");
  if (!handler || (path.length === 0 && message.method !== "GET" && message.method !== "HEAD")) {
    throw notFound(
      "serving.unknown_path",
      `There is nothing at ${message.method} /${path.join("/")}; GET / lists the paths.`,
    );
  }
  const body = await decompress(await readBody(message, options.maxBodyBytes), message, options.maxBodyBytes);
  const header = (name: string) => message.headers[name]?.toString();
  return handler({ method: message.method ?? "GET", path, header, body });
}

function pathOf(url: string): string[] {
  const path = url.split("?", 1)[0].replace(/\/$/, "");
  try {
    return path.split("/").slice(1).map(decodeURIComponent);
  } catch {
    throw invalid("serving.bad_path", `The path ${path} is not properly percent-encoded.`);
  }
}

const tooLarge = (limit: number) =>
  new MillraceError("serving.body_too_large", 413, `The body is larger than the ${limit} bytes this server takes.`);

/**
 * Reads the whole body. Of one that is too large, as much again is read and thrown away, so that a client that sends
 * first and listens afterwards still gets its 413.
 */
function readBody(message: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(message.headers["content-length"] ?? 0) > 2 * limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    message.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= limit) parts.push(part);
      else if (size > 2 * limit) {
        message.pause();
        reject(tooLarge(limit));
      }
    });
    message.once("end", () =>
      size > limit ? reject(tooLarge(limit)) : resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts, size)),
    );
    message.once("error", (error) =>
      reject(
        invalid("serving.body_incomplete", `The connection ended before the whole body came: ${describeError(error)}.`),
      ),
    );
  });
}

const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) };

async function decompress(body: Buffer, message: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = message.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return body;
  if (!(encoding in decompressors)) {
    const known = Object.keys(decompressors).join(", ");
    throw new MillraceError(
      "serving.bad_encoding",
      415,
      `The Content-Encoding "${encoding}" is not known; there is: ${known}.`,
    );
  }
  try {
    return await decompressors[encoding as keyof typeof decompressors](body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw invalid(
      "serving.bad_encoding",
      `The body is not what its Content-Encoding "${encoding}" says: ${describeError(error)}.`,
    );
  }
}

function errorAnswer(error: unknown, onError: (error: unknown) => void): HttpAnswer {
  if (!(error instanceof MillraceError)) {
    onError(error);
    return json(500, { error: "The gateway failed to answer; its log says why." });
  }
  const answer = json(error.status, { error: error.message });
  const headers: Record<string, string> = { ...answer.headers };
  if (error.status === 405) headers["allow"] = String(error.details?.["allow"]);
  if (error.status === 429) headers["retry-after"] = "1";
  return { ...answer, headers };
}

function send(
  server: Server,
  message: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: HttpAnswer,
): void {
  // A body that was not read to its end leaves the connection unusable; a server that is closing wants it back.
  const close = !message.complete || !server.listening;
  response.writeHead(status, {
    ...headers,
    "content-length": typeof body === "string" ? Buffer.byteLength(body) : body.length,
    ...(close && { connection: "close" }),
  });
  response.end(message.method === "HEAD" ? undefined : body);
}
