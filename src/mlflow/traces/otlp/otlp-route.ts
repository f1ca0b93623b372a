import type { FastifyInstance, FastifyRequest } from "fastify";
import { describeError, invalid, MillraceError } from "../../../errors.ts";
import type { House } from "../../../stage.ts";
import { writeTogether } from "../../../storage/group-commit.ts";
import { readAttributes } from "../../../tracking/traces/attribute-json.ts";
import { logSpans } from "../../../tracking/traces/log-spans.ts";
import { answerErrors } from "../../mlflow-route.ts";
import { decompressed } from "./decompress.ts";
import type { OtlpRequest } from "./otlp-request.ts";
import { readProtobuf } from "./read-protobuf.ts";
import { spansOfRequest } from "./spans-of-request.ts";

/**
 * `POST /v1/traces`: OpenTelemetry's protocol over HTTP (opentelemetry.io/docs/specs/otlp), in protobuf or JSON. A request is written whole
 * or not at all; its experiment stands in the header `x-mlflow-experiment-id`.
 */
export async function mountOtlp(server: FastifyInstance, house: House): Promise<void> {
  await server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    answerErrors(scope, house);
    scope.post("/v1/traces", async (request, reply) => {
      const type = typeOf(request);
      const experimentId = request.headers["x-mlflow-experiment-id"];
      if (typeof experimentId !== "string" || experimentId === "") {
        throw new MillraceError("mlflow.no_experiment", 422, "The header x-mlflow-experiment-id is missing: it says which experiment the traces belong to");
      }
      const body = await decompressed(Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), request.headers["content-encoding"]);
      const spans = spansIn(read(type, body));
      await writeTogether(house.db, (transaction) => logSpans(transaction, experimentId, spans));
      // ExportTraceServiceResponse without a partial success has no fields.
      return reply.type(type).send(type === "application/json" ? "{}" : Buffer.alloc(0));
    });
  });
}

function typeOf(request: FastifyRequest): "application/json" | "application/x-protobuf" {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json" || type === "application/x-protobuf") return type;
  throw invalid("mlflow.bad_otlp_type", `Invalid Content-Type: ${type ?? "none"}. Expected: application/x-protobuf or application/json`);
}

function read(type: "application/json" | "application/x-protobuf", body: Buffer): OtlpRequest {
  let request: OtlpRequest | null;
  try {
    request = (type === "application/json" ? readAttributes(body.toString("utf8")) : readProtobuf(body)) as OtlpRequest | null;
  } catch (error) {
    throw invalid("mlflow.bad_otlp", `Invalid OpenTelemetry format: ${describeError(error)}`);
  }
  if (!Array.isArray(request?.resourceSpans) || request.resourceSpans.length === 0) throw invalid("mlflow.bad_otlp", "Invalid OpenTelemetry format - no spans found");
  return request;
}

function spansIn(request: OtlpRequest): ReturnType<typeof spansOfRequest> {
  try {
    return spansOfRequest(request);
  } catch (error) {
    // JSON may hold anything where a list or an object belongs, which shows only here.
    throw new MillraceError("mlflow.bad_span", 422, `Cannot convert OpenTelemetry span: ${describeError(error)}`, { cause: error });
  }
}
