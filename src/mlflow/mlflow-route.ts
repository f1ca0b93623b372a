import type { FastifyInstance, FastifyRequest } from "fastify";
import { describeError, MillraceError } from "../errors.ts";
import type { House } from "../stage.ts";
import { orDiskFull } from "../storage/disk-full.ts";
import { invalidParameter, mlflowErrorCode } from "./mlflow-error.ts";
import { hasExact, readFields, type Fields, type Values } from "./mlflow-fields.ts";
import { formatBody, parseBody } from "./mlflow-json.ts";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** One remote procedure of MLflow's API. */
export interface Rpc {
  readonly methods: readonly Method[];
  /** Below `/api/` and `/ajax-api/`: `2.0/mlflow/runs/create`; parts in the address as `:model_id`. */
  readonly path: string;
  /** Integers beyond 2^53 may come in its body. */
  readonly exact: boolean;
  readonly handle: (house: House, source: Readonly<Record<string, unknown>>) => Promise<object | string>;
}

/**
 * Declares an RPC: its fields are read from the query (GET), or the body, and from the address. The answer is an object, of which
 * `formatBody` makes protobuf's JSON, or JSON text that is sent as it is.
 */
export const rpc = <F extends Fields>(
  methods: Method | readonly Method[],
  path: string,
  fields: F,
  handle: (house: House, request: Values<F>) => Promise<object | string>,
): Rpc => ({
  methods: typeof methods === "string" ? [methods] : methods,
  path,
  exact: hasExact(fields),
  handle: (house, source) => handle(house, readFields(fields, source)),
});

/** Serves the RPCs at `/api/<version>/…` and `/ajax-api/<version>/…`; what is below these and not in the list answers ENDPOINT_NOT_FOUND. */
export async function mountRpcs(server: FastifyInstance, house: House, rpcs: readonly Rpc[]): Promise<void> {
  for (const prefix of ["/api/2.0", "/api/3.0", "/ajax-api/2.0", "/ajax-api/3.0"]) {
    const version = `${prefix.slice(-3)}/`;
    await server.register(
      async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => done(null, text));
        answerErrors(scope, house);
        refuseTheRest(scope);
        for (const one of rpcs.filter(({ path }) => path.startsWith(version))) {
          scope.route({
            method: [...one.methods],
            url: one.path.slice(version.length - 1),
            handler: async (request, reply) => {
              const answer = await one.handle(house, { ...sourceOf(request, one.exact), ...(request.params as object) });
              return reply.type("application/json").send(typeof answer === "string" ? answer : formatBody(answer));
            },
          });
        }
      },
      { prefix },
    );
  }
}

function sourceOf(request: FastifyRequest, exact: boolean): Readonly<Record<string, unknown>> {
  if (request.method === "GET") return request.query as Record<string, unknown>;
  const type = request.headers["content-type"]?.split(";")[0]?.trim();
  if ((request.method === "POST" || request.method === "PUT") && type !== "application/json") {
    throw invalidParameter(type === undefined ? "Bad Request. Content-Type header is missing." : "Bad Request. Content-Type must be one of ['application/json'].");
  }
  return parseBody((request.body as string | undefined) ?? "", { exact });
}

/** Errors leave a scope of MLflow's protocol as `{"error_code", "message"}`. */
export function answerErrors(scope: FastifyInstance, house: House): void {
  scope.setErrorHandler((given: Error & { statusCode?: number }, request, reply) => {
    const error = orDiskFull(given, house.settings.home);
    const known = error instanceof MillraceError ? error
      : given.statusCode !== undefined && given.statusCode < 500 ? new MillraceError("mlflow.bad_request", given.statusCode, given.message)
      : undefined;
    if (!known || known.status >= 500) house.log.error({ err: error, url: request.url }, describeError(error));
    const { code, status } = known ? mlflowErrorCode(known) : { code: "INTERNAL_ERROR", status: 500 };
    const message = known?.message ?? "Something failed inside Millrace; the server's log says what";
    return reply.status(status).type("application/json").send(JSON.stringify({ error_code: code, message }));
  });
}

/** Answers ENDPOINT_NOT_FOUND for whatever else is below the scope's prefix: a route, since the pages' own catch-all would win over a handler. */
function refuseTheRest(scope: FastifyInstance): void {
  scope.all("/*", (request, reply) => {
    const message = `There is no ${request.method} ${request.url.split("?")[0]} in the part of MLflow's API that Millrace serves`;
    return reply.status(404).type("application/json").send(JSON.stringify({ error_code: "ENDPOINT_NOT_FOUND", message }));
  });
}
