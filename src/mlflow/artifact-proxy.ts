import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Readable } from "node:stream";
import type { House } from "../stage.ts";
import { diskFull, freeBytes } from "../storage/disk-full.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { deleteFiles, storeFile } from "../tracking/files.ts";
import { requireActiveRun } from "../tracking/runs.ts";
import { writeArtifact } from "./artifact-folder.ts";
import { fileMessages, placeInRun, placeOfModelFile, placeOfRunFile, placeOfVersionFile } from "./artifacts.ts";
import { placeOf, safePath, type Place } from "./artifact-path.ts";
import { invalidParameter, mlflowError } from "./mlflow-error.ts";
import { formatBody } from "./mlflow-json.ts";
import { answerErrors } from "./mlflow-route.ts";
import { sendFile } from "./send-file.ts";

/** Artifacts of `mlflow-artifacts:` URIs: streamed to and from the artifact store, of any size, through no temporary file of their own. */
export async function mountArtifactProxy(server: FastifyInstance, house: House): Promise<void> {
  for (const prefix of ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"]) {
    await server.register(
      async (scope) => {
        takeStreams(scope);
        answerErrors(scope, house);
        scope.get("/artifacts", async (request, reply) => {
          const { path } = request.query as { path?: string };
          const place = placeOf(path ?? "");
          return reply.type("application/json").send(formatBody({ files: await fileMessages(house, place, (file) => file.split("/").at(-1)!) }));
        });
        scope.get("/artifacts/*", async (request, reply) => sendFile(house, request, reply, placeOf(wildcard(request))));
        scope.put("/artifacts/*", async (request, reply) => {
          await storeStream(house, placeOf(wildcard(request)), request);
          return reply.send({});
        });
        scope.delete("/artifacts/*", async (request, reply) => {
          const { owner, path } = placeOf(wildcard(request));
          await writeTogether(house.db, (transaction) => deleteFiles(transaction, owner, path));
          return reply.send({});
        });
      },
      { prefix },
    );
  }
}

/** The ways of MLflow's own pages: a file of a run down, a small file up. */
export async function mountRunFiles(server: FastifyInstance, house: House): Promise<void> {
  await server.register(async (scope) => {
    takeStreams(scope);
    answerErrors(scope, house);
    const queryOf = (request: FastifyRequest) => request.query as Record<string, unknown>;
    scope.get("/get-artifact", async (request, reply) => sendFile(house, request, reply, await placeOfRunFile(house, queryOf(request))));
    scope.get("/model-versions/get-artifact", async (request, reply) => sendFile(house, request, reply, await placeOfVersionFile(house, unsigned(queryOf(request)))));
    scope.get("/ajax-api/2.0/mlflow/logged-models/:id/artifacts/files", async (request, reply) =>
      sendFile(house, request, reply, await placeOfModelFile(house, (request.params as { id: string }).id, unsigned(queryOf(request)))),
    );
    scope.post("/ajax-api/2.0/mlflow/upload-artifact", async (request, reply) => {
      const { run_id: id, run_uuid: uuid, path } = request.query as { run_id?: string; run_uuid?: string; path?: string };
      const runId = id || uuid;
      if (!runId) throw invalidParameter("Request must specify run_id or run_uuid.");
      if (!path) throw invalidParameter("Request must specify path.");
      safePath(path);
      if (Number(request.headers["content-length"] ?? 1) === 0 || request.body === undefined) throw invalidParameter("Request must specify data.");
      await requireActiveRun(house.db, runId);
      await storeStream(house, await placeInRun(house, runId, path), request);
      return reply.send({});
    });
  });
}

/** A query that asks for the file itself: `presigned=true` asks for its address in an object store instead, which is not announced (`server-info.ts`). */
function unsigned(query: Record<string, unknown>): Record<string, unknown> {
  if (query["presigned"] !== "true") return query;
  throw mlflowError("NOT_IMPLEMENTED", "Presigned addresses are not given out here: leave presigned out, and the file comes from this server");
}

const wildcard = (request: FastifyRequest): string => (request.params as { "*": string })["*"];

/** A body of any type is a stream: a JSON file is a file. */
function takeStreams(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
}

async function storeStream(house: House, { owner, path, folder }: Place, request: FastifyRequest): Promise<void> {
  if (path === "") throw invalidParameter("Invalid path");
  // What cannot fit is refused before it has come.
  const [announced, free] = [Number(request.headers["content-length"] ?? 0), freeBytes(folder ?? house.settings.artifacts)];
  if (free !== undefined && announced > free) throw diskFull(folder ?? house.settings.artifacts);
  if (folder !== undefined) return writeArtifact(folder, path, request.body as Readable, house.newId());
  const blob = await house.blobs.put((request.body as Readable | undefined) ?? Buffer.alloc(0));
  await writeTogether(house.db, (transaction) => storeFile(transaction, owner, path, blob));
}
