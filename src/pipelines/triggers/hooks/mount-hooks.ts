import type { FastifyInstance } from "fastify";
import type { House } from "../../../stage.ts";
import { receiveHook } from "./receive-hook.ts";

/** GitHub sends no more (docs.github.com, webhook events and payloads); others send less. */
const largestBody = 25 << 20;

/** `POST /api/pipelines/triggers/<name>/webhook`: what Git hosts send. Its body is read as bytes, since they are what is signed. */
export async function mountHooks(server: FastifyInstance, house: House): Promise<void> {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: largestBody }, (_request, body, done) => done(null, body));
  server.post<{ Params: { name: string } }>("/api/pipelines/triggers/:name/webhook", { bodyLimit: largestBody }, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const received = await receiveHook(house, request.params.name, request.headers, body);
    return reply.status(received.firing === null ? 200 : 202).send(received);
  });
}
