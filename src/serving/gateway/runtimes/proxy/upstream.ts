import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { describeError, MillraceError } from "../../../../errors.ts";

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface UpstreamRequest {
  readonly headers?: Readonly<Record<string, string | number>>;
  /** POST with these bytes; GET when absent. */
  readonly body?: readonly Buffer[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const largestAnswer = 1 << 30;

/** Connections to one server, kept open between requests. */
export class Upstream {
  readonly #url: URL;
  readonly #agent: HttpAgent;

  constructor(url: URL, connections: number) {
    this.#url = url;
    const Agent = url.protocol === "https:" ? HttpsAgent : HttpAgent;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /**
   * Asks for a path of the server. Fails with `serving.upstream_late` (504) or `serving.upstream_unreachable` (502).
   */
  async ask(path: string, asked: UpstreamRequest): Promise<UpstreamAnswer> {
    const late = AbortSignal.timeout(asked.timeoutMs);
    const signal = asked.signal ? AbortSignal.any([asked.signal, late]) : late;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(path, asked, signal);
      } catch (error) {
        if (late.aborted) throw new MillraceError("serving.upstream_late", 504, `The server ${this.#url.origin} did not answer within ${asked.timeoutMs} ms.`, { cause: error });
        // A connection that its server closed just when it was used again: nothing has been answered.
        if (error instanceof StaleConnection && attempt < 2) continue;
        throw new MillraceError("serving.upstream_unreachable", 502, `The server ${this.#url.origin} cannot be asked: ${describeError(error)}.`, { cause: error });
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #once(path: string, { headers, body }: UpstreamRequest, signal: AbortSignal): Promise<UpstreamAnswer> {
    const length = body?.reduce((sum, part) => sum + part.length, 0);
    const options: RequestOptions = {
      agent: this.#agent,
      method: body ? "POST" : "GET",
      path,
      signal,
      headers: { ...headers, ...(length !== undefined && { "content-length": length }) },
      ...(this.#url.username && { auth: `${decodeURIComponent(this.#url.username)}:${decodeURIComponent(this.#url.password)}` }),
    };
    const request = (this.#url.protocol === "https:" ? httpsRequest : httpRequest)(this.#url.origin, options);
    return new Promise((resolve, reject) => {
      request.once("error", (error: NodeJS.ErrnoException) => reject(request.reusedSocket && error.code === "ECONNRESET" ? new StaleConnection(error.message) : error));
      request.once("response", (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on("data", (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size > largestAnswer) response.destroy(new Error(`its answer has more than ${largestAnswer} bytes`));
        });
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }));
      });
      for (const part of body ?? []) request.write(part);
      request.end();
    });
  }
}

class StaleConnection extends Error {}
