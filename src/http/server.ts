import { existsSync } from "node:fs";
import fastifyStatic from "@fastify/static";
import { fastify, type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from "fastify";
import { conflict, describeError, MillraceError } from "../errors.ts";
import type { House, Stage } from "../stage.ts";
import type { RawReply, Route } from "./route.ts";
import { orDiskFull } from "../storage/disk-full.ts";
import { expositionType, healthOf, serverMetrics } from "./health.ts";
import { refuseForeignSites } from "./same-site.ts";
import { requestValidator } from "./validation.ts";

/**
 * The control plane's HTTP server: every room's routes under `/api/<room>`, the pages, and `/health`. Errors leave in one shape,
 * `{"error": {"code", "message", "details"?}}`; what is not a MillraceError is logged whole and leaves as a plain 500.
 */
export async function openServer(house: House, stages: readonly Stage[], pagesFolder: string): Promise<FastifyInstance> {
  const logger: FastifyBaseLogger = house.log.child({}, { level: house.settings.logLevel === "debug" ? "debug" : "warn" });
  const server = fastify({
    loggerInstance: logger,
    bodyLimit: 64 << 20,
    // What is no address at all (`/%zz`) comes to no hook.
    frameworkErrors: (error, _request, reply) => void sendError(reply.headers(guards), new MillraceError("http.bad_request", error.statusCode ?? 400, error.message)),
    // Clients that were given an address with a slash at its end ask for `//api/…`.
    rewriteUrl: (request) => (request.url ?? "/").replace(/^\/{2,}/, "/"),
  });

  server.setValidatorCompiler(requestValidator);
  server.addHook("onRequest", async (_request, reply) => void reply.headers(guards));
  server.addHook("onRequest", refuseForeignSites(house.settings.host, house.settings.allowedHosts));

  server.setErrorHandler((given: Error & { statusCode?: number; validation?: unknown }, request, reply) => {
    const error = orDiskFull(given, house.settings.home);
    if (error instanceof MillraceError && error.status < 500) return sendError(reply, error);
    if (given.statusCode !== undefined && given.statusCode < 500) {
      return sendError(reply, new MillraceError("http.bad_request", given.statusCode, given.message));
    }
    house.log.error({ err: error, url: request.url }, describeError(error));
    if (error instanceof MillraceError) return sendError(reply, error);
    return sendError(reply, new MillraceError("http.internal", 500, "Something failed inside Millrace; the server's log says what"));
  });

  server.get("/health", (_request, reply) => {
    const health = healthOf(house);
    return reply.status(health.status === "damaged" ? 503 : 200).send(health);
  });
  server.get("/metrics", (_request, reply) => reply.type(expositionType).send(serverMetrics(house)));
  for (const stage of stages) {
    for (const [key, route] of Object.entries(stage.routes ?? {})) mount(server, house, stage.name, key, route);
    // A scope of its own: a protocol's error shape and body parsers are its own too.
    if (stage.mount) await server.register(async (scope) => stage.mount?.(scope, house));
  }

  await mountPages(server, pagesFolder);
  return server;
}

/** On every answer, unless a route says it more strictly: it is what its type says, and other sites neither frame nor embed it. */
const guards = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "SAMEORIGIN",
  "content-security-policy": "frame-ancestors 'self'",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "same-origin",
};

/** Our pages run our scripts only, and speak to this server only; charts and components set styles themselves. */
const pagePolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/** Listens; a port that is taken becomes an error that says what to do. Returns the address. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw conflict("http.port_taken", `Port ${port} on ${host} is taken by another program; stop it, or choose another with --port (0 takes any free one)`);
  }
}

function mount(server: FastifyInstance, house: House, room: string, key: string, route: Route): void {
  const [method, path] = key.split(" ") as [string, string];
  server.route({
    method,
    url: `/api/${room}${path}`,
    schema: {
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.body ? { body: route.body } : {}),
    },
    handler: async (request, reply) => {
      const answer: unknown = await route.handle(house, {
        params: request.params,
        query: request.query,
        body: request.body,
        actor: "local",
      });
      if (isRaw(answer)) return reply.headers(answer.headers ?? {}).type(answer.contentType).send(answer.body);
      return reply.send(answer ?? {});
    },
  });
}

async function mountPages(server: FastifyInstance, folder: string): Promise<void> {
  const built = existsSync(folder);
  if (built) {
    await server.register(fastifyStatic, {
      root: folder,
      cacheControl: false,
      // Names of assets carry the hash of their content; the page that names them must be asked for anew.
      setHeaders: (reply, path) => {
        void reply.header("cache-control", path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache");
        void reply.header("content-security-policy", pagePolicy);
      },
    });
  }
  server.setNotFoundHandler((request, reply) => {
    if (request.method === "GET" && !/^\/(api|assets)\//.test(request.url) && built) {
      return reply.header("cache-control", "no-cache").sendFile("index.html");
    }
    const message = built || request.url.startsWith("/api/")
      ? `There is no ${request.method} ${request.url.split("?")[0]}`
      : "The pages are not built yet: run `npm run build`, then reload";
    return sendError(reply, new MillraceError("http.not_found", 404, message));
  });
}

const isRaw = (answer: unknown): answer is RawReply => typeof answer === "object" && answer !== null && "raw" in answer && answer.raw === true;

function sendError(reply: FastifyReply, error: MillraceError): FastifyReply {
  return reply
    .status(error.status)
    .send({ error: { code: error.code, message: error.message, ...(error.details ? { details: error.details } : {}) } });
}
