import type { FastifyInstance, FastifyReply } from "fastify";
import type { House } from "../../stage.ts";
import { writeAttributes } from "../../tracking/traces/attribute-json.ts";
import { readSpans, readTrace } from "../../tracking/traces/read-traces.ts";
import { spansAreHere, traceKeys } from "../../tracking/traces/trace-tables.ts";
import { safePath } from "../artifact-path.ts";
import { mlflowError } from "../mlflow-error.ts";
import { answerErrors } from "../mlflow-route.ts";
import { sendFile } from "../send-file.ts";
import { spanOfFile } from "./trace-messages.ts";

/** The file of a trace's spans, which clients once stored themselves and MLflow's pages still ask for. */
const spansFile = "traces.json";

/** `get-trace-artifact`: a trace's spans as the file `traces.json`, or another file that a client stored with it. */
export async function mountTraceArtifact(server: FastifyInstance, house: House): Promise<void> {
  await server.register(async (scope) => {
    answerErrors(scope, house);
    for (const version of ["2.0", "3.0"]) {
      scope.get(`/ajax-api/${version}/mlflow/get-trace-artifact`, async (request, reply) => {
        const { request_id: id, path } = request.query as { request_id?: string; path?: string };
        if (!id) throw mlflowError("BAD_REQUEST", 'Request must include the "request_id" query parameter.');
        const trace = await readTrace(house.db, id);
        if (path) return sendFile(house, request, reply, { owner: id, path: safePath(path) });
        if (trace.tags[traceKeys.spansLocation] !== spansAreHere) return sendFile(house, request, reply, { owner: id, path: spansFile });
        return sendSpans(house, reply, id);
      });
    }
  });
}

async function sendSpans(house: House, reply: FastifyReply, id: string): Promise<FastifyReply> {
  const spans = (await readSpans(house.db, [id])).get(id) ?? [];
  return reply
    .headers({ "content-type": "application/octet-stream", "content-disposition": `attachment; filename=${spansFile}`, "x-content-type-options": "nosniff" })
    .send(writeAttributes({ spans: spans.map((span) => spanOfFile(span, writeAttributes)) }));
}
