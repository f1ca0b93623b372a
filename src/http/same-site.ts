import { isIP } from "node:net";
import { hostname } from "node:os";
import type { FastifyRequest, onRequestHookHandler } from "fastify";
import { invalid, MillraceError } from "../errors.ts";

const loopback = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/**
 * Refuses requests that a foreign web page makes through the user's browser: a Host header that somebody else's DNS may have led here (DNS
 * rebinding), state-changing requests whose Origin is another site, and what a foreign page embeds. `host` is what the server listens on,
 * `allowed` the names it may be called besides (`MILLRACE_ALLOWED_HOSTS`).
 */
export function refuseForeignSites(host: string, allowed: readonly string[]): onRequestHookHandler {
  const local = loopback.has(host);
  return (request, _reply, done) => done(faultOf(request, local, allowed));
}

function faultOf(request: FastifyRequest, local: boolean, allowed: readonly string[]): MillraceError | undefined {
  const asked = hostName(request.headers.host ?? "");
  if (!loopback.has(asked) && !named(asked, allowed) && (local || !isOwnName(asked))) {
    const answers = local ? "localhost only" : "addresses and names of its own network";
    return new MillraceError("http.foreign_host", 403, `This server answers to ${answers}, not to the host ${JSON.stringify(asked)}; MILLRACE_ALLOWED_HOSTS names others`);
  }
  const { origin } = request.headers;
  const reading = request.method === "GET" || request.method === "HEAD";
  if (origin !== undefined && !reading && !sameHost(origin, request.headers.host ?? "")) {
    return new MillraceError("http.foreign_origin", 403, `Requests from pages of ${origin} are refused`);
  }
  // Fetch Metadata (W3C): a page of another site may link here, and neither embed nor ask. Only browsers send it.
  const { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination } = request.headers;
  if ((site === "cross-site" || site === "same-site") && !(reading && mode === "navigate" && (destination === "document" || destination === undefined))) {
    return new MillraceError("http.foreign_origin", 403, "Requests from pages of other sites are refused");
  }
  // No name or path has one, and PostgreSQL takes it for an error.
  if (/%00/.test(request.url)) return invalid("http.bad_address", "The address holds a NUL character");
  return undefined;
}

/** The host of a Host header: without port and the dot that ends a full name, in lower case. */
const hostName = (header: string): string => header.replace(/:\d+$/, "").replace(/\.$/, "").toLowerCase();

function sameHost(origin: string, host: string): boolean {
  const [from, to] = [URL.parse(origin), URL.parse(`${origin.startsWith("https:") ? "https" : "http"}://${host}`)];
  return from !== null && to !== null && from.host !== "" && from.host.replace(/\.(?=:|$)/, "") === to.host.replace(/\.(?=:|$)/, "");
}

const named = (host: string, allowed: readonly string[]): boolean =>
  allowed.some((pattern) => (pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host.replace(/^\[|\]$/g, "") === pattern));

/**
 * Whether a server that listens for others may be called so: by an address, by the name of its machine, or by a name that nobody can get in the
 * public DNS (one word, or below a domain that is kept for private use: RFC 6761, 6762, 8375, ICANN's .internal).
 */
function isOwnName(host: string): boolean {
  if (isIP(host.replace(/^\[|\]$/g, "")) !== 0) return true;
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host)) return false;
  return !host.includes(".") || host === hostname().toLowerCase() || /\.(localhost|local|internal|home\.arpa)$/.test(host);
}
