import type { onRequestHookHandler } from "fastify";
import { MillraceError } from "../errors.ts";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/**
 * Refuses requests that a foreign web page makes through the user's browser: a Host header that is not ours (DNS rebinding) while
 * we listen on loopback only, and state-changing requests whose Origin is another site.
 */
export function refuseForeignSites(host: string): onRequestHookHandler {
  const local = loopback.has(host);
  return (request, _reply, done) => {
    const asked = hostName(request.headers.host ?? "");
    if (local && !loopback.has(asked)) {
      done(new MillraceError("http.foreign_host", 403, `This server answers to localhost only, not to the host ${JSON.stringify(asked)}`));
      return;
    }
    const origin = request.headers.origin;
    if (origin !== undefined && request.method !== "GET" && request.method !== "HEAD" && (URL.parse(origin)?.host ?? "") !== request.headers.host) {
      done(new MillraceError("http.foreign_origin", 403, `Requests from pages of ${origin} are refused`));
      return;
    }
    done();
  };
}

const hostName = (header: string): string => header.replace(/:\d+$/, "").toLowerCase();
